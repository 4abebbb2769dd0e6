"""Services: begun, written, compared, described, and ended.  Their releases are in `releases`.

A caller with a team sees and changes services of that team alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from tollbridge import BadRequest, Denied, Gateway, NotFound
from tollbridge.administering import (
    SERVICES_AT,
    About,
    Design,
    Problem,
    Service,
    ServiceChange,
    changes_of,
    decoded,
    transfer_notes,
)
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.bodies import DESIGN
from tollbridge_admin.designshapes import design_shown, merged, problems_shown
from tollbridge_admin.figures import Figures
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.servicefigures import page_of
from tollbridge_admin.servicereach import check_references, lacking_models, lacking_secrets, see_service, within_reach
from tollbridge_admin.serviceshapes import (
    Deprecation,
    DiffAsked,
    DiffShown,
    DocumentAsked,
    DraftShown,
    KindShown,
    KindsShown,
    NewServiceWish,
    Pause,
    Retirement,
    ServiceChanged,
    ServicePatch,
    ServicesAsked,
    ServiceShown,
    ServicesShown,
    change_shown,
    changed,
    draft_tag,
    shown,
)
from tollbridge_admin.tags import tag_of
from tollbridge_admin.wishes import utc

READ, WRITE = "admin:services:read", "admin:services:write"
PUBLISH = "admin:publishing:write"
_ALL = "/services"
_ONE = "/services/{service}"


class Document(msgspec.Struct, frozen=True):
    """What an entity tag of a document stands for."""

    document: dict[str, Any]


class _Side(msgspec.Struct, frozen=True):
    """A side of a comparison: the design, of which release, and its version where it was named by its number."""

    design: Design
    release_id: str = ""
    version: str = ""

    @property
    def said(self) -> tuple[str, Design]:
        return self.release_id, self.design


class Services:
    """Answers for services."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        one: dict[str, Any] = {"gives": ServiceShown, "tagged": True, "also": (409,)}
        made: dict[str, Any] = {"gives": ServiceShown, "status": 201, "also": (409,), "bounds": DESIGN}
        bare: dict[str, Any] = {**one, "may_be_bare": True, "scope": PUBLISH}
        drafted: dict[str, Any] = {**one, "scope": WRITE}
        patched: dict[str, Any] = {**drafted, "gives": ServiceChanged}
        ended: dict[str, Any] = {**bare, "gives": ServiceChanged}
        looked: dict[str, Any] = {"scope": READ, "tagged": True}
        return (
            route("GET", _ALL, self.list_services, takes=ServicesAsked, gives=ServicesShown, scope=READ),
            route("POST", _ALL, self.create_service, takes=NewServiceWish, scope=WRITE, **made),
            route("GET", _ONE, self.get_service, takes=Nothing, gives=ServiceShown, **looked),
            route("PATCH", _ONE, self.change_service, takes=ServicePatch, bounds=DESIGN, **patched),
            route("GET", f"{_ONE}/draft", self.get_draft, takes=Nothing, gives=DraftShown, **looked),
            route("GET", f"{_ONE}/diff", self.compare_service, takes=DiffAsked, gives=DiffShown, **looked),
            route("GET", f"{_ONE}/openapi", self.describe_service, takes=DocumentAsked, gives=dict[str, Any], **looked),
            route("POST", f"{_ONE}/drop", self.drop_service, takes=Nothing, may_be_bare=True, **drafted),
            route("POST", f"{_ONE}/deprecate", self.deprecate_service, takes=Deprecation, **ended),
            route("POST", f"{_ONE}/keep", self.keep_service, takes=Nothing, **bare),
            route("POST", f"{_ONE}/pause", self.pause_service, takes=Pause, **bare),
            route("POST", f"{_ONE}/resume", self.resume_service, takes=Nothing, **bare),
            route("POST", f"{_ONE}/retire", self.retire_service, takes=Retirement, **ended),
            route("GET", "/service-kinds", self.list_service_kinds, takes=Nothing, gives=KindsShown, scope=READ),
        )

    async def list_services(self, asked: Asked, query: ServicesAsked) -> Answer:
        """List services by their slugs."""
        page, following = await page_of(self._gateway, asked, query)
        return Answer(ServicesShown(tuple(map(shown, page)), following))

    async def create_service(self, asked: Asked, wish: NewServiceWish) -> Answer:
        """Begin a service; nothing of it serves before a release is published."""
        own = asked.caller.team
        if own and wish.team not in ("", own):
            raise Denied("a token with a team makes services of that team alone", code="out_of_reach", param="team")
        draft = merged(Design(), wish.draft)
        check_references(asked, self._gateway.services.kinds.get(wish.kind), {}, draft.definition)
        more: dict[str, Any] = {"team": own or wish.team, "draft": draft, "by": asked.actor}
        service = await self._gateway.services.add(wish.slug, wish.kind, **more)
        return Answer(shown(service), 201, tag_of(shown(service)), {"location": f"services/{service.slug}"})

    async def get_service(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one service."""
        return _one(await see_service(self._gateway, asked))

    async def change_service(self, asked: Asked, patch: ServicePatch) -> Answer:
        """Change the draft of a service, or who owns it: what is not there stays, null takes away (RFC 7396).

        Where it goes over to another team, the answer says in `notes` whom that concerns.
        """
        found, own = await see_service(self._gateway, asked), asked.caller.team
        before = found.team
        team = patch.team or "" if patch.team is not UNSET else UNSET
        if own and team not in (UNSET, own):
            raise Denied("a token with a team gives no service of it away", code="out_of_reach", param="team")

        def edit(seen: tuple[Service, Design]) -> ServiceChange:
            nonlocal before
            service, draft = within_reach(asked, seen[0]), seen[1]
            before = service.team
            asked.check_match(tag_of(shown(service)))
            if patch.draft is UNSET:
                return ServiceChange(team=team)
            made = merged(draft, patch.draft)
            if patch.draft.definition is not UNSET:
                kind = self._gateway.services.kinds.get(service.kind)
                check_references(asked, kind, draft.definition, made.definition)
            return ServiceChange(draft=made, team=team)

        service = there(await self._gateway.services.change(found.id, edit, by=asked.actor))
        notes = await transfer_notes(self._gateway.store, service, before)
        return Answer(changed(service, notes), tag=tag_of(shown(service)))

    async def get_draft(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show the draft of a service, what keeps it from being published, and what is doubtful."""
        service, draft = await self._draft(await see_service(self._gateway, asked))
        lacking = await lacking_models(self._gateway, asked, service.kind, draft)
        found = DraftShown(
            id=service.id,
            slug=service.slug,
            kind=service.kind,
            revision=service.revision,
            draft=design_shown(draft),
            problems=problems_shown([*await self._problems(service, draft), *lacking]),
        )
        return Answer(found, tag=draft_tag(service, found))

    async def compare_service(self, asked: Asked, query: DiffAsked) -> Answer:
        """Say what differs between two releases, or a release and the draft, and what of it may break callers."""
        service = await see_service(self._gateway, asked)
        before, after = [await self._side(service, side) for side in (query.before, query.after)]
        kind = self._gateway.services.kinds.get(service.kind)
        changes = list(map(change_shown, await asyncio.to_thread(changes_of, kind, before.design, after.design)))
        found = DiffShown(
            before=query.before,
            after=query.after,
            breaking=any(change.breaking for change in changes),
            changes=changes,
            figures=await Figures(self._gateway, service).of(before.said, after.said),
        )
        return Answer(found, tag=tag_of(found))

    async def describe_service(self, asked: Asked, query: DocumentAsked) -> Answer:
        """Describe what can be called of the draft of a service, or of a release (OpenAPI 3.1)."""
        service = await see_service(self._gateway, asked)
        side = await self._side(service, "draft" if query.release is UNSET else str(query.release))
        version, design = side.version, side.design
        wrong = [one for one in await self._problems(service, design) if not one.warning]
        if wrong:
            said = "this cannot be described yet: " + "; ".join(f"{one.field}: {one.message}" for one in wrong[:20])
            raise BadRequest(said, code="not_ready", status=422, param=wrong[0].field)
        about = About(
            slug=service.slug,
            name=design.name,
            description=design.description,
            version=version,
            url=f"{self._gateway.config.server.public_url}{SERVICES_AT}{service.slug}",
            contacts=tuple(msgspec.to_builtins(design.contacts)),
        )
        kind = self._gateway.services.kinds[service.kind]
        document = await asyncio.to_thread(lambda: kind.openapi(about, decoded(kind, design)))
        return Answer(document, tag=tag_of(Document(document)))

    async def drop_service(self, asked: Asked, nothing: Nothing) -> Answer:
        """Forget a service that never served, and its releases; shows what it was."""
        return await self._act(asked, self._gateway.services.drop)

    async def deprecate_service(self, asked: Asked, wish: Deprecation) -> Answer:
        """Tell all who call a service that it will end, when, and what takes its place."""
        ends = None if wish.sunset_at is None else utc(wish.sunset_at, "sunset_at")
        more: dict[str, Any] = {"sunset_at": ends, "successor": wish.successor}
        return await self._end(asked, self._gateway.services.deprecate, **more)

    async def keep_service(self, asked: Asked, nothing: Nothing) -> Answer:
        """Take back that a service will end."""
        return await self._act(asked, self._gateway.services.keep)

    async def pause_service(self, asked: Asked, wish: Pause) -> Answer:
        """Let nothing of a service be served until it is resumed; callers hear 503 and why."""
        return await self._act(asked, self._gateway.services.pause, why=wish.why)

    async def resume_service(self, asked: Asked, nothing: Nothing) -> Answer:
        """Let what is published of a service be served again."""
        return await self._act(asked, self._gateway.services.resume)

    async def retire_service(self, asked: Asked, wish: Retirement) -> Answer:
        """End a service and all of its releases for good; callers hear 410 and what takes its place."""
        return await self._end(asked, self._gateway.services.retire, successor=wish.successor)

    async def list_service_kinds(self, asked: Asked, nothing: Nothing) -> Answer:
        """List the kinds of services that there are, with the JSON Schema of what each is made of."""
        kinds = self._gateway.services.kinds
        return Answer(
            KindsShown([KindShown(name, msgspec.json.schema(kinds[name].definition)) for name in sorted(kinds)])
        )

    async def _act(self, asked: Asked, act: Callable[..., Awaitable[Service | None]], **more: Any) -> Answer:
        return _one(await self._done(asked, act, **more))

    async def _end(self, asked: Asked, act: Callable[..., Awaitable[Service | None]], **more: Any) -> Answer:
        """Do it; the answer says in `notes` where there is no service yet that callers are pointed to."""
        service = await self._done(asked, act, **more)
        store, instead, notes = await self._gateway.store.services(), service.successor, list[str]()
        if instead and await store.get_service(instead) is None:
            notes.append(f"there is no service {instead!r} yet, to which callers are pointed")
        return Answer(changed(service, notes), tag=tag_of(shown(service)))

    async def _done(self, asked: Asked, act: Callable[..., Awaitable[Service | None]], **more: Any) -> Service:
        def check(seen: Service) -> None:
            asked.check_match(tag_of(shown(within_reach(asked, seen))))

        service = await see_service(self._gateway, asked)
        return there(await act(service.id, **more, check=check, by=asked.actor))

    async def _draft(self, service: Service) -> tuple[Service, Design]:
        found = await (await self._gateway.store.services()).get_draft(service.id)
        if found is None:  # it was forgotten meanwhile
            raise NotFound("there is no such service")
        return found

    async def _problems(self, service: Service, design: Design) -> Sequence[Problem]:
        if service.kind not in self._gateway.services.kinds:
            return [Problem("kind", "no installed plugin offers services of this kind")]
        found = await self._gateway.services.problems(service.kind, design)
        return [*found, *await lacking_secrets(self._gateway, service.kind, design)]

    async def _side(self, service: Service, side: str) -> "_Side":
        """Give a side of a comparison; raises `NotFound`."""
        if side == "draft":
            return _Side((await self._draft(service))[1])
        store, id, version = await self._gateway.store.services(), service.live, ""
        if side != "live":
            release = await store.get_release(service.id, int(side))
            id, version = ("", "") if release is None else (release.id, release.version)
        designs = await store.designs([id])
        if id not in designs:
            raise NotFound("no release of it is live" if side == "live" else "there is no such release")
        return _Side(designs[id], id, version)


def there(service: Service | None) -> Service:
    """Give what was found; raises `NotFound` where it was not."""
    if service is None:
        raise NotFound("there is no such service")
    return service


def _one(service: Service) -> Answer:
    return Answer(shown(service), tag=tag_of(shown(service)))
