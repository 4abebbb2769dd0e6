"""What becomes of a service as a whole: it is paused and goes on, it will end, it has ended, it never was."""

from datetime import datetime

from tollbridge.audit import OPERATOR, Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.services.model import Service
from tollbridge.services.wishes import checked_reason, checked_slug
from tollbridge.stores.base import Store
from tollbridge.stores.services import Ending, Look
from tollbridge.tokens.service import TokenService


class Courses:
    """Changes it.  `check` sees the service while nobody else changes it, and refuses by raising.

    None is nothing: there is no such service.
    """

    def __init__(self, store: Store, tokens: TokenService, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    async def drop(self, service_id: str, *, check: Look | None = None, by: Actor = OPERATOR) -> Service | None:
        """Forget a service that never served."""
        return await (await self._store.services()).drop_service(service_id, await self._tokens.act(by), check=check)

    async def deprecate(
        self,
        service_id: str,
        *,
        sunset_at: datetime | None = None,
        successor: str = "",
        check: Look | None = None,
        by: Actor = OPERATOR,
    ) -> Service | None:
        """Tell all who call a service that it will end, when, and what takes its place."""
        if sunset_at is not None and sunset_at <= self._clock.now():
            raise BadRequest("the end lies in the past; retire the service", param="sunset_at")
        ending = Ending(sunset_at=sunset_at, successor=_successor(successor))
        store = await self._store.services()
        return await store.deprecate_service(service_id, ending, await self._tokens.act(by), check=check)

    async def keep(self, service_id: str, *, check: Look | None = None, by: Actor = OPERATOR) -> Service | None:
        """Take back that a service will end."""
        store = await self._store.services()
        return await store.deprecate_service(service_id, None, await self._tokens.act(by), check=check)

    async def pause(
        self, service_id: str, *, why: str = "", check: Look | None = None, by: Actor = OPERATOR
    ) -> Service | None:
        """Let nothing of a service be served until it is resumed, on every worker, whatever is published meanwhile.

        Callers hear 503 and why. It can be done before anything is published, so that nothing is served by that.
        """
        store = await self._store.services()
        return await store.pause_service(service_id, checked_reason(why), await self._tokens.act(by), check=check)

    async def resume(self, service_id: str, *, check: Look | None = None, by: Actor = OPERATOR) -> Service | None:
        """Let what is published of a service be served again."""
        store = await self._store.services()
        return await store.pause_service(service_id, None, await self._tokens.act(by), check=check)

    async def retire(
        self, service_id: str, *, successor: str = "", check: Look | None = None, by: Actor = OPERATOR
    ) -> Service | None:
        """End a service for good; callers hear 410 and what takes its place."""
        store = await self._store.services()
        return await store.retire_service(service_id, _successor(successor), await self._tokens.act(by), check=check)


def _successor(successor: str) -> str:
    return checked_slug(successor) if successor else ""
