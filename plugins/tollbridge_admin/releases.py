"""Releases of services: made, reviewed, published and taken away.  How they are tried is in `proofs`.

Who writes services makes releases and submits them; who publishes decides, and says when.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tollbridge import Gateway, NotFound
from tollbridge.administering import Move, Release, Service
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_number
from tollbridge_admin.releaseshapes import (
    NewReleaseWish,
    Publishing,
    Reason,
    ReleasesAsked,
    ReleaseShown,
    ReleasesShown,
    ReleaseWhole,
    Scheduling,
    shown,
    whole,
)
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.servicereach import see_service, within_reach
from tollbridge_admin.services import PUBLISH, READ, WRITE
from tollbridge_admin.serviceshapes import shown as service_shown
from tollbridge_admin.tags import tag_of
from tollbridge_admin.wishes import utc

_LIST = "releases"
_ALL = "/services/{service}/releases"
_ONE = f"{_ALL}/{{number}}"


class Releases:
    """Answers for releases."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        made: dict[str, Any] = {"gives": ReleaseShown, "status": 201, "scope": WRITE, "tagged": True, "also": (409,)}
        one: dict[str, Any] = {"gives": ReleaseShown, "tagged": True, "also": (409,)}
        bare: dict[str, Any] = {**one, "takes": Reason, "may_be_bare": True}
        publishing: dict[str, Any] = {**one, "takes": Publishing, "may_be_bare": True, "scope": PUBLISH}
        return (
            route("GET", _ALL, self.list_releases, takes=ReleasesAsked, gives=ReleasesShown, scope=READ),
            route("POST", _ALL, self.create_release, takes=NewReleaseWish, **made),
            route("GET", _ONE, self.get_release, takes=Nothing, gives=ReleaseWhole, scope=READ, tagged=True),
            route("POST", f"{_ONE}/submit", self.submit_release, scope=WRITE, **bare),
            route("POST", f"{_ONE}/withdraw", self.withdraw_release, scope=WRITE, **bare),
            route("POST", f"{_ONE}/approve", self.approve_release, scope=PUBLISH, **bare),
            route("POST", f"{_ONE}/refuse", self.refuse_release, scope=PUBLISH, **bare),
            route("POST", f"{_ONE}/schedule", self.schedule_release, takes=Scheduling, scope=PUBLISH, **one),
            route("POST", f"{_ONE}/unschedule", self.unschedule_release, scope=PUBLISH, **bare),
            route("POST", f"{_ONE}/publish", self.publish_release, **publishing),
            route("POST", f"{_ONE}/promote", self.promote_release, scope=PUBLISH, **bare),
            route("POST", f"{_ONE}/supersede", self.supersede_release, scope=PUBLISH, **bare),
        )

    async def list_releases(self, asked: Asked, query: ReleasesAsked) -> Answer:
        """List the releases of a service, newest first."""
        service, before = await see_service(self._gateway, asked), read_number(_LIST, query.after)
        store = await self._gateway.store.services()
        found = await store.list_releases(service.id, limit=query.limit + 1, before=before)
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].number) if len(found) > len(page) else None
        return Answer(ReleasesShown([shown(service, release) for release in page], following))

    async def create_release(self, asked: Asked, wish: NewReleaseWish) -> Answer:
        """Make a release of the draft as it is: a copy that nobody changes any more."""
        service = await see_service(self._gateway, asked)

        def check(seen: Service) -> None:
            asked.check_match(tag_of(service_shown(within_reach(asked, seen))))

        more: dict[str, Any] = {"check": check, "giver": asked.minter, "by": asked.actor}
        done = await self._gateway.services.release(service.id, version=wish.version, note=wish.note, **more)
        release = there(done)
        made = shown(service, release)
        return Answer(made, 201, tag_of(made), {"location": f"services/{service.slug}/releases/{release.number}"})

    async def get_release(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one release, with what it is made of."""
        service, release = await self._see(asked)
        designs = await (await self._gateway.store.services()).designs([release.id])
        if release.id not in designs:  # it was forgotten meanwhile
            raise NotFound("there is no such release")
        return Answer(whole(service, release, designs[release.id]), tag=tag_of(shown(service, release)))

    async def submit_release(self, asked: Asked, wish: Reason) -> Answer:
        """Ask for a release to be approved."""
        return await self._move(asked, Move.SUBMIT, wish)

    async def withdraw_release(self, asked: Asked, wish: Reason) -> Answer:
        """Ask for it no more; an approval is gone then too."""
        return await self._move(asked, Move.WITHDRAW, wish)

    async def approve_release(self, asked: Asked, wish: Reason) -> Answer:
        """Approve a release: it may be published."""
        return await self._move(asked, Move.APPROVE, wish)

    async def refuse_release(self, asked: Asked, wish: Reason) -> Answer:
        """Refuse a release, with the reason."""
        return await self._move(asked, Move.REFUSE, wish)

    async def schedule_release(self, asked: Asked, wish: Scheduling) -> Answer:
        """Have a release published by itself, at a time that lies ahead."""
        service = await see_service(self._gateway, asked)
        more: dict[str, Any] = {"why": wish.why, "check": _matching(asked), "giver": asked.minter, "by": asked.actor}
        done = await self._gateway.services.schedule(service.id, _number(asked), utc(wish.at, "at"), **more)
        return await self._one(service, done)

    async def unschedule_release(self, asked: Asked, wish: Reason) -> Answer:
        """Have a release not published by itself any more."""
        return await self._move(asked, Move.UNSCHEDULE, wish)

    async def publish_release(self, asked: Asked, wish: Publishing) -> Answer:
        """Let a release serve, on every worker at once, in place of the one that does or beside it."""
        service = await see_service(self._gateway, asked)
        more: dict[str, Any] = {"why": wish.why, "check": _matching(asked), "giver": asked.minter, "by": asked.actor}
        more["beside"] = wish.beside
        done = await self._gateway.services.publish(service.id, _number(asked), **more)
        return await self._one(service, done)

    async def promote_release(self, asked: Asked, wish: Reason) -> Answer:
        """Give a release that serves beside another its place, for who asks for no version; that one stays beside."""
        return await self._move(asked, Move.PROMOTE, wish)

    async def supersede_release(self, asked: Asked, wish: Reason) -> Answer:
        """Take a release away that serves beside another."""
        return await self._move(asked, Move.SUPERSEDE, wish)

    async def _move(self, asked: Asked, move: Move, wish: Reason) -> Answer:
        service = await see_service(self._gateway, asked)
        more: dict[str, Any] = {"why": wish.why, "check": _matching(asked), "by": asked.actor}
        return await self._one(service, await self._gateway.services.move(service.id, _number(asked), move, **more))

    async def _see(self, asked: Asked) -> tuple[Service, Release]:
        service = await see_service(self._gateway, asked)
        store = await self._gateway.store.services()
        return service, there(await store.get_release(service.id, _number(asked)))

    async def _one(self, before: Service, release: Release | None) -> Answer:
        """Show a release as it is now; whether it serves who asks for no version is said by its service."""
        found = there(release)
        service = await (await self._gateway.store.services()).get_service(before.id)
        one = shown(before if service is None else service, found)
        return Answer(one, tag=tag_of(one))


def _matching(asked: Asked) -> Callable[[Service, Release], None]:
    """Give what refuses a release, in the transaction that would move it, that is another than the one asked about.

    A tag of its service stands for it too: then nothing of that is another, such as what serves.
    """

    def check(service: Service, release: Release) -> None:
        within_reach(asked, service)
        asked.check_match(tag_of(shown(service, release)), tag_of(service_shown(service)))

    return check


def there(found: Any) -> Any:
    """Give what was found; raises `NotFound` where it was not."""
    if found is None:
        raise NotFound("there is no such release")
    return found


def _number(asked: Asked) -> int:
    return int(asked.named["number"])
