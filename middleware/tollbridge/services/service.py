"""Services of one gateway: designed, released, published, deprecated and retired.

What changes them says who does (`by`) and, where somebody does it with a token, with which rights (`giver`): nobody
publishes what calls a model that they may not call themselves.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, structs

from tollbridge.audit import OPERATOR, Actor
from tollbridge.call import Call
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.ids import new_id
from tollbridge.people.reaching import check_giver
from tollbridge.services.book import decoded, running
from tollbridge.services.kinds import Problem, ServiceKind
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Design, Release, Service, ServiceChange, ServiceEdit
from tollbridge.services.wishes import (
    checked_design,
    checked_kind,
    checked_reason,
    checked_slug,
    checked_version,
    problems_of,
)
from tollbridge.servicesettings import ServicesConfig
from tollbridge.stores.base import Store
from tollbridge.stores.changes import change_for
from tollbridge.stores.services import Ending, NewRelease, Step
from tollbridge.tokens.model import Principal
from tollbridge.tokens.service import TokenService

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

SOONEST_S = 1.0
_MOST_SHOWN = 20


class Services:
    """The services of one gateway.

    Raises `BadRequest` with `param` for what cannot be used, 409 for what does not fit where something is on its way;
    `Denied` (scope_beyond) for models that the giver may not call. None is nothing: there is no such service, or
    release.
    """

    def __init__(
        self,
        store: Store,
        tokens: TokenService,
        clock: Clock,
        config: ServicesConfig,
        kinds: Mapping[str, ServiceKind],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._config = config
        self.kinds = kinds

    async def add(
        self, slug: str, kind: str, *, team: str = "", draft: Design | None = None, by: Actor = OPERATOR
    ) -> Service:
        """Begin a service; nothing of it serves before a release is published."""
        design, now = checked_design(draft or Design()), self._clock.now()
        new = Service(
            id=new_id("svc", self._clock),
            slug=checked_slug(slug),
            kind=checked_kind(kind, self.kinds),
            team=team.strip(),
            name=design.name,
            revision=1,
            created_at=now,
            changed_at=now,
        )
        return await (await self._store.services()).add_service(new, design, await self._tokens.act(by))

    async def change(self, service_id: str, edit: ServiceEdit, *, by: Actor = OPERATOR) -> Service | None:
        """Change the draft of a service, or who owns it; what serves stays as it is."""

        def changed(seen: tuple[Service, Design]) -> ServiceChange:
            change = change_for(edit, seen)
            if change.draft is not UNSET:
                checked_design(change.draft)
            return change if change.team is UNSET else structs.replace(change, team=change.team.strip())

        return await (await self._store.services()).change_service(service_id, changed, await self._tokens.act(by))

    async def drop(self, service_id: str, *, by: Actor = OPERATOR) -> Service | None:
        """Forget a service that never served."""
        return await (await self._store.services()).drop_service(service_id, await self._tokens.act(by))

    def problems(self, kind: str, design: Design) -> Sequence[Problem]:
        """Say what keeps a design from being published, and what is doubtful."""
        return problems_of(self.kinds[checked_kind(kind, self.kinds)], design)

    async def release(
        self,
        service_id: str,
        *,
        version: str,
        note: str = "",
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Release | None:
        """Make a release of the draft as it is; raises `BadRequest` (422) for a draft that could not be published."""
        store = await self._store.services()
        found = await store.get_draft(service_id)
        if found is None:
            return None
        service, design = found
        _check_ready(self.problems(service.kind, design))
        await self._check_models(service.kind, design, giver)
        new = NewRelease(
            id=new_id("rel", self._clock),
            version=checked_version(version),
            note=checked_reason(note, "note"),
            created_by=by.id,
            created_at=self._clock.now(),
        )
        return await store.add_release(service_id, new, await self._tokens.act(by))

    async def move(
        self, service_id: str, number: int, move: Move, *, why: str = "", by: Actor = OPERATOR
    ) -> Release | None:
        """Submit a release for review, withdraw, approve or refuse it, unschedule it, or take it away."""
        return await self._step(service_id, number, Step(move=move, why=checked_reason(why), **self._rules()), by)

    async def schedule(
        self,
        service_id: str,
        number: int,
        at: datetime,
        *,
        why: str = "",
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Release | None:
        """Have a release published by itself at a time that lies ahead."""
        if at < self._clock.now() + timedelta(seconds=SOONEST_S):
            raise BadRequest("the time lies in the past; publish the release", param="at")
        if await self._check_release(service_id, number, giver) is None:
            return None
        step = Step(move=Move.SCHEDULE, why=checked_reason(why), at=at, **self._rules())
        return await self._step(service_id, number, step, by)

    async def publish(
        self,
        service_id: str,
        number: int,
        *,
        why: str = "",
        beside: bool = False,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Release | None:
        """Let a release serve, on every worker for every call that starts after this returned.

        It takes the place of the one that serves, or with `beside` joins it, for those who ask for its version. One
        that served before is published again so.
        """
        if await self._check_release(service_id, number, giver) is None:
            return None
        watched_s = self._config.watch_s
        until = self._clock.now() + timedelta(seconds=watched_s) if watched_s else None
        step = Step(move=Move.PUBLISH, why=checked_reason(why), beside=beside, watched_until=until, **self._rules())
        return await self._step(service_id, number, step, by)

    async def prove(self, gateway: "Gateway", service_id: str, number: int, call: Call) -> Sequence[Problem] | None:
        """Try a release as its kind does, such as with its test set, on the account of who asks."""
        store = await self._store.services()
        service, release = await store.get_service(service_id), await store.get_release(service_id, number)
        if service is None or release is None:
            return None
        design = (await store.designs([release.id]))[release.id]
        kind = self.kinds[checked_kind(service.kind, self.kinds)]
        return await kind.prove(gateway, running(service, release, decoded(kind, design)), call)

    async def deprecate(
        self, service_id: str, *, sunset_at: datetime | None = None, successor: str = "", by: Actor = OPERATOR
    ) -> Service | None:
        """Tell all who call a service that it will end, when, and what takes its place."""
        if sunset_at is not None and sunset_at <= self._clock.now():
            raise BadRequest("the end lies in the past; retire the service", param="sunset_at")
        ending = Ending(sunset_at=sunset_at, successor=_successor(successor))
        return await (await self._store.services()).deprecate_service(service_id, ending, await self._tokens.act(by))

    async def keep(self, service_id: str, *, by: Actor = OPERATOR) -> Service | None:
        """Take back that a service will end."""
        return await (await self._store.services()).deprecate_service(service_id, None, await self._tokens.act(by))

    async def retire(self, service_id: str, *, successor: str = "", by: Actor = OPERATOR) -> Service | None:
        """End a service for good; callers hear 410 and what takes its place."""
        store = await self._store.services()
        return await store.retire_service(service_id, _successor(successor), await self._tokens.act(by))

    def _rules(self) -> dict[str, Any]:
        review = self._config.review
        return {"reviewed": review != "none", "four_eyes": review == "four_eyes"}

    async def _step(self, service_id: str, number: int, step: Step, by: Actor) -> Release | None:
        store = await self._store.services()
        return await store.move_release(service_id, number, step, await self._tokens.act(by))

    async def _check_release(self, service_id: str, number: int, giver: Principal | None) -> Release | None:
        """Look at what is about to serve: the plugins may be others than when it was made, and so may the giver."""
        store = await self._store.services()
        service, release = await store.get_service(service_id), await store.get_release(service_id, number)
        if service is None or release is None:
            return None
        design = (await store.designs([release.id]))[release.id]
        _check_ready(self.problems(service.kind, design))
        await self._check_models(service.kind, design, giver)
        return release

    async def _check_models(self, kind: str, design: Design, giver: Principal | None) -> None:
        of = self.kinds[kind]
        models = of.models(decoded(of, design))
        await check_giver(self._store, giver, [f"model:{model}" for model in models])


def _successor(successor: str) -> str:
    return checked_slug(successor) if successor else ""


def _check_ready(problems: Sequence[Problem]) -> None:
    found = [problem for problem in problems if not problem.warning]
    if found:
        said = "; ".join(f"{problem.field}: {problem.message}" for problem in found[:_MOST_SHOWN])
        raise BadRequest(f"this cannot be published yet: {said}", code="not_ready", status=422, param=found[0].field)
