"""Beginning, finding and ending sessions.

A session is a row of the store; a browser has its secret, of which only the digest is kept. Each proof of who somebody
is begins another one in place of that before (OWASP ASVS 5.0, V7.2.4), so a secret that was planted is worth nothing.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from tollbridge.audit import Act, Actor
from tollbridge.clock import Clock
from tollbridge.signinsettings import SessionsConfig
from tollbridge.stores.sessions import NewSession, Session, SessionStore

BYTES = 32
"""Of a secret."""
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
_SEEN_EVERY = timedelta(minutes=1)
"""How old the note of the last use gets before it is written anew."""
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Browser:
    """Where somebody is: an address, and what the browser calls itself."""

    client: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class BegunSession:
    """A session and, this once, its secret."""

    session: Session
    secret: str = field(repr=False)


class Sessions:
    """Sessions of one gateway.  `store` gives where they are kept, `act` what their changes are recorded with."""

    def __init__(
        self,
        store: Callable[[], Awaitable[SessionStore]],
        act: Callable[[Actor], Awaitable[Act]],
        clock: Clock,
        settings: SessionsConfig,
    ) -> None:
        self._store = store
        self._act = act
        self._clock = clock
        self._life = timedelta(hours=settings.hours)
        self._idle = timedelta(hours=settings.idle_hours)
        self._confirmed = timedelta(minutes=settings.confirm_minutes)

    @property
    def life_s(self) -> int:
        """How long a session lasts at most, in seconds."""
        return int(self._life.total_seconds())

    async def begin(
        self,
        person_id: str,
        via: str,
        browser: Browser,
        *,
        instead_of: str = "",
        asked_at: datetime | None = None,
        proved_at: datetime | None = None,
    ) -> BegunSession:
        """Begin a session of somebody who proved who they are; it takes the place of that of a secret, if any.

        It counts from `asked_at`, when their proof came in, so that it does not open where their password was changed
        while it was checked. They proved it then, or at `proved_at` where that was before. An empty `person_id` is the
        operator. Raises `Unavailable`.
        """
        secret, now = secrets.token_urlsafe(BYTES), asked_at or self._clock.now()
        new = NewSession(
            digest=_digest(secret),
            person_id=person_id,
            via=via,
            client=browser.client,
            agent=browser.agent[:_LONGEST_AGENT],
            at=now,
            ends_at=now + self._life,
            confirmed_at=now if proved_at is None else min(proved_at, now),
        )
        act = await self._act(Actor(person_id or "operator", "sign-in", browser.client))
        before = _digest(instead_of) if _SHAPE.fullmatch(instead_of) else b""
        return BegunSession(await (await self._store()).begin_session(new, act, instead_of=before), secret)

    async def find(self, secret: str) -> Session | None:
        """Find the session of a secret, if it opens: neither ended nor left alone for too long, of a person who may in.

        What is no secret costs no look-up. Raises `Unavailable`.
        """
        if not _SHAPE.fullmatch(secret):
            return None
        store, digest, now = await self._store(), _digest(secret), self._clock.now()
        found = await store.find_session(digest, now, now - self._idle)
        if found is not None and now - found.seen_at >= min(_SEEN_EVERY, self._idle / 2):
            await store.note_seen(digest, now)
        return found

    def is_confirmed(self, session: Session) -> bool:
        """Whether who it is was proved lately enough for what is sensitive."""
        return not self._confirmed or self._clock.now() - session.confirmed_at < self._confirmed

    async def list(
        self, person_id: str, *, limit: int = 200, after: tuple[datetime, str] | None = None
    ) -> Sequence[Session]:
        """List the sessions that open of a person, or of the operator, newest first.

        `after` is `made_at` and `id` of the last one of the page before. Raises `Unavailable`.
        """
        now, store = self._clock.now(), await self._store()
        return await store.list_sessions(person_id, now, now - self._idle, limit=limit, after=after)

    async def end(self, secret: str, *, by: Actor) -> bool:
        """End the session of a secret, on every worker; says whether there was one.  Raises `Unavailable`."""
        if not _SHAPE.fullmatch(secret):
            return False
        return await (await self._store()).end_session(_digest(secret), await self._act(by))

    async def end_one(self, person_id: str, id: str, *, by: Actor) -> bool:
        """End one session of a person, or the operator's, by its id; whether there was one.  Raises `Unavailable`."""
        return bool(id and await (await self._store()).end_sessions(person_id, await self._act(by), id=id))

    async def end_all(self, person_id: str, *, by: Actor, but: str = "") -> int:
        """End all sessions of a person, or the operator's, `but` that of a secret; gives how many there were.

        Raises `Unavailable`.
        """
        kept = _digest(but) if _SHAPE.fullmatch(but) else b""
        return await (await self._store()).end_sessions(person_id, await self._act(by), but=kept)


def _digest(secret: str) -> bytes:
    """Give what is stored: a secret of 256 random bits needs no slower hash, and no pepper."""
    return sha256(secret.encode("ascii")).digest()
