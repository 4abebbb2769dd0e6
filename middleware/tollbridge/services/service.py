"""Services of one gateway: designed, released, published, deprecated and retired.

What changes them says who does (`by`) and, where somebody does it with a token, with which rights (`giver`): nobody
publishes what calls a model, or a route of the wrapped app, that they may not call themselves.
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
from tollbridge.services.book import running
from tollbridge.services.courses import Courses
from tollbridge.services.evaluating import Proved
from tollbridge.services.judging import DRAFT, Judged, Trial, judged, problems_in
from tollbridge.services.kinds import Problem, Running, ServiceKind
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import Design, DraftEdit, Release, Service, ServiceChange, ServiceEdit
from tollbridge.services.transferring import check_leaving
from tollbridge.services.wishes import (
    PolicyProblems,
    checked_design,
    checked_kind,
    checked_reason,
    checked_slug,
    checked_version,
)
from tollbridge.servicesettings import OWN_NAMES, ServicesConfig
from tollbridge.stores.base import Store
from tollbridge.stores.changes import change_for
from tollbridge.stores.services import Look, LookAtRelease, NewEvaluation, NewRelease, Step
from tollbridge.tokens.model import Principal
from tollbridge.tokens.service import TokenService

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

SOONEST_S = 1.0
_WATCHED = (Move.PUBLISH, Move.PROMOTE, Move.FAIL)


class Services(Courses):
    """The services of one gateway.

    `check` sees what is to change as it is while nobody else changes it, and refuses by raising. Raises `BadRequest`
    with `param` for what cannot be used, 409 for what does not fit where something is on its way;
    `Denied` (scope_beyond) for models and routes of the wrapped app that the giver may not call. None is nothing: there
    is no such service, or release.
    """

    def __init__(
        self,
        store: Store,
        tokens: TokenService,
        clock: Clock,
        config: ServicesConfig,
        kinds: Mapping[str, ServiceKind],
        *,
        policies: PolicyProblems,
        app: str = "app",
    ) -> None:
        super().__init__(store, tokens, clock)
        self._config = config
        self._app = app
        self._policies = policies
        self.kinds = kinds

    async def add(
        self, slug: str, kind: str, *, team: str = "", draft: Design | None = None, by: Actor = OPERATOR
    ) -> Service:
        """Begin a service; nothing of it serves before a release is published.

        No slug is a name of the gateway's own.
        """
        if slug == self._app or slug in OWN_NAMES:
            why = "calls of its own, or of the app it wraps, are counted and opened by it"
            raise BadRequest(f"{slug!r} is a name of the gateway's own: {why}; take another slug", param="slug")
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
        """Change the draft of a service, or who owns it; what serves stays as it is.

        One that names secrets of the team which owns it is not given to another (409).
        """

        def changed(seen: tuple[Service, Design]) -> ServiceChange:
            change = change_for(edit, seen)
            if change.draft is not UNSET:
                checked_design(change.draft)
            return change if change.team is UNSET else structs.replace(change, team=change.team.strip())

        def leave(service: Service, designs: Sequence[Design]) -> None:
            check_leaving(self.kinds.get(service.kind), service, designs)

        store = await self._store.services()
        return await store.change_service(service_id, changed, await self._tokens.act(by), leave=leave)

    async def problems(self, kind: str, design: Design) -> Sequence[Problem]:
        """Say what keeps a design from being published, and what is doubtful."""
        return await problems_in(self.kinds[checked_kind(kind, self.kinds)], design, self._policies)

    async def release(
        self,
        service_id: str,
        *,
        version: str,
        note: str = "",
        check: Look | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Release | None:
        """Make a release of the draft as it is; raises `BadRequest` (422) for a draft that could not be published.

        So it does (409) for one that was changed while it was looked at.
        """
        store = await self._store.services()
        found = await store.get_draft(service_id)
        if found is None:
            return None
        service, design = found
        if check is not None:
            check(service)
        await self._judged(service.kind, design, giver)
        new = NewRelease(
            id=new_id("rel", self._clock),
            version=checked_version(version),
            note=checked_reason(note, "note"),
            created_by=by.id,
            created_at=self._clock.now(),
            revision=service.revision,
        )
        return await store.add_release(service_id, new, await self._tokens.act(by))

    async def move(
        self,
        service_id: str,
        number: int,
        move: Move,
        *,
        why: str = "",
        check: LookAtRelease | None = None,
        by: Actor = OPERATOR,
    ) -> Release | None:
        """Submit a release for review, withdraw, approve or refuse it, unschedule it, promote it, or take it away."""
        return await self._step(service_id, number, by, move=move, why=why, check=check)

    async def schedule(
        self,
        service_id: str,
        number: int,
        at: datetime,
        *,
        why: str = "",
        check: LookAtRelease | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Release | None:
        """Have a release published by itself at a time that lies ahead."""
        if at < self._clock.now() + timedelta(seconds=SOONEST_S):
            raise BadRequest("the time lies in the past; publish the release", param="at")
        proved = await self._must_be_proved(service_id, number, giver)
        if proved is None:
            return None
        more: dict[str, Any] = {"at": at, "proved": proved, "check": check}
        return await self._step(service_id, number, by, move=Move.SCHEDULE, why=why, **more)

    async def publish(
        self,
        service_id: str,
        number: int,
        *,
        why: str = "",
        beside: bool = False,
        check: LookAtRelease | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Release | None:
        """Let a release serve, on every worker for every call that starts after this returned.

        It takes the place of the one that serves, or with `beside` joins it, for those who ask for its version. One
        that served before is published again so.
        """
        proved = await self._must_be_proved(service_id, number, giver)
        if proved is None:
            return None
        more: dict[str, Any] = {"beside": beside, "proved": proved, "check": check}
        return await self._step(service_id, number, by, move=Move.PUBLISH, why=why, **more)

    async def prove(
        self,
        gateway: "Gateway",
        service_id: str,
        number: int,
        call: Call,
        *,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Proved | None:
        """Try a release as its kind does, such as with its test set, and keep what that gave.

        It is on the account of who asks, of whose call `call` is. Raises `SetupError` where no model can be asked.
        """
        trial = await self.trial(service_id, number, giver=giver)
        if trial is None:
            return None
        kind, tried = trial.kind, trial.running
        await gateway.prepare_asking()
        at = self._clock.now()
        proof = await kind.prove(gateway, tried, structs.replace(call, service=tried.slug))
        new = NewEvaluation(
            release_id=tried.release_id,
            at=at,
            by=by.id,
            passed=proof.passed,
            models=tuple(kind.models(tried.definition)),
            cases=proof.cases,
        )
        kept = await (await self._store.services()).add_evaluation(new, await self._tokens.act(by))
        return None if kept is None else Proved(proof, kept)

    async def trial(
        self, service_id: str, number: int | None, *, giver: Principal | None = None, edit: DraftEdit | None = None
    ) -> Trial | None:
        """Give a release, or without a number the draft, as it would serve; raises as `release` does.

        `edit` gives what the draft is to be for this alone.
        """
        if number is not None:
            found = await self._released(service_id, number, giver)
            if found is None:
                return None
            service, release, seen = found
            return Trial(self.kinds[service.kind], running(service, release, seen.definition), seen.policies)
        drafted = await (await self._store.services()).get_draft(service_id)
        if drafted is None:
            return None
        service, draft = drafted
        draft = draft if edit is None else checked_design(edit(service, draft))
        definition = (await self._judged(service.kind, draft, giver)).definition
        tried = Running(service.id, service.slug, service.team, "", 0, DRAFT, definition)
        return Trial(self.kinds[service.kind], tried, draft.policies)

    async def _step(self, service_id: str, number: int, by: Actor, *, why: str, **said: Any) -> Release | None:
        store, review, watch_s = await self._store.services(), self._config.review, self._config.watch_s
        said |= {"reviewed": review != "none", "four_eyes": review == "four_eyes"}
        if watch_s and said["move"] in _WATCHED:
            said["watched_until"] = self._clock.now() + timedelta(seconds=watch_s)
        step = Step(why=checked_reason(why), **said)
        return await store.move_release(service_id, number, step, await self._tokens.act(by))

    async def _must_be_proved(self, service_id: str, number: int, giver: Principal | None) -> bool | None:
        """Look at what is about to serve; gives whether it must have passed a trial, None where there is none such."""
        found = await self._released(service_id, number, giver)
        if found is None:
            return None
        return self._config.prove == "required" and found[2].gated

    async def _released(
        self, service_id: str, number: int, giver: Principal | None
    ) -> tuple[Service, Release, Judged] | None:
        """Find a release that can serve: the plugins may be others than when it was made, and so may the giver."""
        store = await self._store.services()
        service, release = await store.get_service(service_id), await store.get_release(service_id, number)
        if service is None or release is None:
            return None
        design = (await store.designs([release.id])).get(release.id)
        return None if design is None else (service, release, await self._judged(service.kind, design, giver))

    async def _judged(self, kind: str, design: Design, giver: Principal | None) -> Judged:
        """Refuse what cannot be published, and whoever may not call themselves what this calls."""
        found = await judged(self.kinds[checked_kind(kind, self.kinds)], design, self._policies)
        routes = [f"service:{self._app}:{route}" for route in found.routes]
        await check_giver(self._store, giver, [*(f"model:{model}" for model in found.models), *routes])
        return found
