"""The seam to what devices ask for that have no browser (RFC 8628)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tollbridge.audit import Act
from tollbridge.grants.model import Consent, Device, NewDevice


class DeviceStore(Protocol):
    """Keeps it.  Raises `Unavailable` where it does not answer.

    What somebody agreed to is used up by a `GrantTransaction`.
    """

    async def add(self, new: NewDevice) -> bool:
        """Write what a device asks for; False where its user code is taken."""
        ...

    async def count_waiting(self, client_id: str) -> int:
        """Count the devices of a client that wait for somebody: pending, and not ended."""
        ...

    async def find(self, user_code: str) -> Device | None:
        """Find what was asked for by its user code: pending, and not ended."""
        ...

    async def decide(
        self, user_code: str, consent: Consent | None, grant_id: str, act: Act, confirmed_at: datetime | None = None
    ) -> bool:
        """Agree to what a device asks for, or with no consent deny it; False where it is not pending any more.

        Raises as `GrantStore.agree` does.
        """
        ...

    async def poll(self, digests: Sequence[bytes], client_id: str) -> Device | None:
        """Give what a device asked for, and note when; who comes too early must wait 5 seconds more from then on.

        None for what is unknown or another client's; what has ended is given as it is.
        """
        ...
