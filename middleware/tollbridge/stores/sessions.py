"""The seam to sessions of people in browsers: who signed in, from where, and until when that holds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tollbridge.audit import Act


class Session(msgspec.Struct, frozen=True, gc=False):
    """A session that opens.  `id` names it and opens nothing.

    `person_id` is empty for the operator, who came by a link. `via` is the way somebody proved who they are, last at
    `confirmed_at`; `client` an address and `agent` what the browser calls itself, both as they were at the beginning.
    """

    id: str
    person_id: str
    via: str
    client: str
    agent: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    confirmed_at: datetime


class NewSession(msgspec.Struct, frozen=True, gc=False):
    """A session to be written, known by the digest of its secret."""

    digest: bytes
    person_id: str
    via: str
    client: str
    agent: str
    at: datetime
    ends_at: datetime
    confirmed_at: datetime


class SessionStore(Protocol):
    """Keeps sessions.  What begins and ends them says who does and is recorded.  Raises `Unavailable`.

    A session opens before its end, while it was seen after `idle_since`, and, where a person has it, while that person
    is there and enabled and has not got another password since it began.
    """

    async def begin_session(self, new: NewSession, act: Act, *, instead_of: bytes = b"") -> Session:
        """Write a session, and end the one of that digest, if any, with it."""
        ...

    async def find_session(self, digest: bytes, now: datetime, idle_since: datetime) -> Session | None:
        """Find a session that opens, as of every change that returned."""
        ...

    async def note_seen(self, digest: bytes, at: datetime) -> None:
        """Note that a session was used."""
        ...

    async def list_sessions(
        self,
        person_id: str,
        now: datetime,
        idle_since: datetime,
        *,
        limit: int = 200,
        after: tuple[datetime, str] | None = None,
    ) -> Sequence[Session]:
        """List the sessions of a person that open, or the operator's, newest first, so many at most.

        `after` is `made_at` and `id` of the last one of the page before.
        """
        ...

    async def end_session(self, digest: bytes, act: Act) -> bool:
        """End a session; says whether there was one."""
        ...

    async def end_sessions(self, person_id: str, act: Act, *, id: str = "", but: bytes = b"") -> int:
        """End the sessions of a person: all, or that of the id; `but` that of a digest.  Gives how many there were."""
        ...

    async def anybody_has_a_password(self) -> bool:
        """Whether a person who is here and enabled has a password."""
        ...
