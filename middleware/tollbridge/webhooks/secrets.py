"""The secrets of one webhook, as they are sealed: one, or two while the receiver changes over."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tollbridge.errors import BadRequest
from tollbridge.sealing.places import WEBHOOK, Place
from tollbridge.vault import Box
from tollbridge.webhooks.signing import make_key

MOST_SECRETS = 2


class HookSecret(msgspec.Struct, frozen=True, gc=False):
    """One secret; it signs until `ends_at`."""

    key: bytes
    made_at: datetime
    ends_at: datetime | None = None

    def __repr__(self) -> str:
        return f"HookSecret(made_at={self.made_at!r}, ends_at={self.ends_at!r})"


_decode = msgspec.json.Decoder(tuple[HookSecret, ...]).decode


class HookSecrets:
    """Seals and opens them; each webhook's are bound to its row."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def begin(self, webhook_id: str, now: datetime) -> tuple[bytes, bytes]:
        """Make the first one; gives it, and what is to be stored."""
        key = make_key()
        return key, self._shut(webhook_id, [HookSecret(key, now)])

    async def rotated(self, webhook_id: str, sealed: bytes, now: datetime, ends_at: datetime) -> tuple[bytes, bytes]:
        """Make another one, the older ends at `ends_at`; gives it, and what is to be stored.

        Raises `BadRequest` (409) where two would sign beside it, `ValueError` where what is stored does not open.
        """
        kept = [one for one in await self._open(webhook_id, sealed) if _signs(one, now)]
        ended = [msgspec.structs.replace(one, ends_at=min(one.ends_at or ends_at, ends_at)) for one in kept]
        left = [one for one in ended if _signs(one, now)]
        if len(left) >= MOST_SECRETS:
            raise BadRequest(
                "two of this webhook's secrets sign; wait until the older one has ended", code="rotating", status=409
            )
        key = make_key()
        return key, self._shut(webhook_id, [HookSecret(key, now), *left])

    async def without(self, webhook_id: str, sealed: bytes, made_at: datetime) -> bytes | None:
        """Give what is to be stored without the newest one; None where it is the only one, or of another time."""
        newest, *kept = await self._open(webhook_id, sealed)
        return self._shut(webhook_id, kept) if kept and newest.made_at == made_at else None

    async def signing(self, webhook_id: str, sealed: bytes, now: datetime) -> Sequence[bytes]:
        """Give those that sign now, the newest first; raises `ValueError` where it does not open."""
        return [one.key for one in await self._open(webhook_id, sealed) if _signs(one, now)]

    async def _open(self, webhook_id: str, sealed: bytes) -> Sequence[HookSecret]:
        await self._box.meet([sealed])
        return _decode(self._box.open(sealed, _place(webhook_id)))

    def _shut(self, webhook_id: str, secrets: Sequence[HookSecret]) -> bytes:
        return self._box.shut(msgspec.json.encode(secrets), _place(webhook_id))


def _place(webhook_id: str) -> Place:
    return Place(WEBHOOK, name=webhook_id)


def _signs(secret: HookSecret, now: datetime) -> bool:
    return secret.ends_at is None or secret.ends_at > now
