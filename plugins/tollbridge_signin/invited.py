"""Invitations to teams: by a link that works once, and those that somebody who is signed in finds here.

A link that is merely looked at, by a mail scanner say, is not used up.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge import BadRequest, GatewayError
from tollbridge.browsing import field_of, read_form, root, sign_in_path
from tollbridge.people.model import Invitation, Person
from tollbridge_signin import PATH
from tollbridge_signin.entering import BY_PASSWORD
from tollbridge_signin.pages import Pages, actor, client_of
from tollbridge_signin.refusals import sentence


class Invited:
    """The pages of who is invited."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._gateway = pages.gateway

    async def page(self, request: Request) -> Response:
        """Show what a link invites to, and how to accept it."""
        return await self._show(request, request.query_params.get("code", ""))

    async def answer(self, request: Request) -> Response:
        """Accept by a link: as who is signed in, or as somebody new, who chooses a password."""
        form = await read_form(request)
        code, session = field_of(form, "code"), await self._pages.session(request)
        person = await self._pages.person(session)
        invitations = self._gateway.people.invitations
        try:
            if person is not None and session is not None:
                await invitations.accept_code(code, person.id, by=actor(request, session))
                return RedirectResponse(f"{root(request)}{PATH}/invitations?joined", 303)
            if not self._sign_up:
                return await self._show(request, code, status=403)
            if field_of(form, "new") != field_of(form, "repeated"):
                return await self._show(
                    request, code, {"repeated": "repeated"}, status=400, name=field_of(form, "name")
                )
            wish = {"name": field_of(form, "name"), "password": field_of(form, "new")}
            member = await invitations.sign_up(code, **wish, client=client_of(request))
        except GatewayError as exc:
            return await self._refused(request, code, exc, field_of(form, "name"))
        return await self._pages.enter(request, member.person_id, BY_PASSWORD, f"{root(request)}/")

    async def mine(self, request: Request) -> Response:
        """List what somebody who is signed in is invited to."""
        person = await self._pages.person(await self._pages.session(request))
        return self._elsewhere(request) if person is None else await self._list(request, person)

    async def accept(self, request: Request) -> Response:
        """Accept one of these, which need no code: who it is was proved at the door."""
        form, session = await read_form(request), await self._pages.session(request)
        person = await self._pages.person(session)
        if person is None or session is None:
            return self._elsewhere(request)
        try:
            await self._gateway.people.invitations.accept(field_of(form, "id"), person.id, by=actor(request, session))
        except GatewayError as exc:
            return await self._list(request, person, exc)
        return RedirectResponse(f"{root(request)}{PATH}/invitations?joined", 303)

    @property
    def _sign_up(self) -> bool:
        signin = self._gateway.config.signin
        return signin.sign_up and signin.passwords

    async def _refused(self, request: Request, code: str, exc: GatewayError, name: str) -> Response:
        errors = {"name": "name", "password": "new"}
        at = errors.get(exc.param or "", "") if isinstance(exc, BadRequest) else ""
        return await self._show(request, code, {at: sentence(exc)}, status=exc.status, name=name)

    async def _show(
        self, request: Request, code: str, errors: dict[str, str] | None = None, *, status: int = 200, name: str = ""
    ) -> Response:
        invitations = self._gateway.people.invitations
        found = await invitations.find(code)
        person = await self._pages.person(await self._pages.session(request))
        here = f"{root(request)}{PATH}/invitation?code={code}"
        return self._pages.render(
            request,
            "invitation.html",
            status=404 if found is None and status == 200 else status,
            invitation=found,
            code=code,
            person=person,
            fits=found is not None and person is not None and person.email == found.email,
            signs_up=found is not None and person is None and self._sign_up and await invitations.signs_up(found),
            sign_in=sign_in_path(request, here),
            name=name,
            errors=errors or {},
        )

    async def _list(self, request: Request, person: Person, refused: GatewayError | None = None) -> Response:
        found: list[Invitation] = [*await self._gateway.people.invitations.for_address(person.email)]
        return self._pages.render(
            request,
            "invitations.html",
            status=200 if refused is None else refused.status,
            person=person,
            invitations=found,
            refused_with="" if refused is None else sentence(refused),
            joined="joined" in request.query_params,
        )

    def _elsewhere(self, request: Request) -> Response:
        return RedirectResponse(sign_in_path(request, request.scope["path"]), 303)
