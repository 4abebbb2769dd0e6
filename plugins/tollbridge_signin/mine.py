"""One's own sessions and password."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge import BadRequest
from tollbridge.browsing import SESSION, field_of, read_form, root, set_cookie, sign_in_path
from tollbridge.people.model import Person
from tollbridge.sessions import Session
from tollbridge_signin import PATH
from tollbridge_signin.agents import named
from tollbridge_signin.entering import Entering
from tollbridge_signin.pages import Pages, actor
from tollbridge_signin.refusals import SignInRefused, Why, sentence


class Mine:
    """The pages about oneself."""

    def __init__(self, pages: Pages, entering: Entering) -> None:
        self._pages = pages
        self._entering = entering
        self._sessions = pages.gateway.sessions

    async def sessions(self, request: Request) -> Response:
        """List where somebody, or the operator, is signed in."""
        session, person = await self._who(request)
        if session is None:
            return self._elsewhere(request)
        has_password = person is not None and person.has_password
        return self._pages.render(
            request,
            "sessions.html",
            person=person,
            current=session.id,
            sessions=[(one, named(one.agent)) for one in await self._sessions.list(session.person_id)],
            allowed=self._pages.gateway.config.signin.passwords and has_password,
            changed="changed" in request.query_params,
        )

    async def end(self, request: Request) -> Response:
        """End one session of somebody's own, or all of them."""
        form = await read_form(request)
        session, _ = await self._who(request)
        if session is None:
            return self._elsewhere(request)
        by = actor(request, session)
        if "all" not in form:
            await self._sessions.end_one(session.person_id, field_of(form, "id"), by=by)
            return RedirectResponse(f"{root(request)}{PATH}/sessions", 303)
        await self._sessions.end_all(session.person_id, by=by)
        answer = RedirectResponse(f"{root(request)}{PATH}?out", 303)
        set_cookie(answer, request, SESSION, "", max_age=0)
        return answer

    async def password(self, request: Request) -> Response:
        """Show the form for another password."""
        _, person = await self._who(request)
        return self._elsewhere(request) if person is None else self._form(request, person)

    async def change(self, request: Request) -> Response:
        """Take another password, from who knows the one before; all other sessions end."""
        form = await read_form(request)
        session, person = await self._who(request)
        if session is None or person is None:
            return self._elsewhere(request)
        try:
            person = await self._entering.check_password(request, person.email, field_of(form, "password"), why=Why.OWN)
        except SignInRefused as exc:
            return self._form(request, person, {"password": exc.why.words}, refused=exc)
        if field_of(form, "new") != field_of(form, "repeated"):
            return self._form(request, person, {"repeated": "repeated"}, 400)
        people = self._pages.gateway.people
        try:
            await people.replace_password(person, field_of(form, "new"), by=actor(request, session))
        except BadRequest as exc:
            return self._form(request, person, {"new": sentence(exc)}, exc.status)
        return await self._pages.enter(request, person.id, session.via, f"{root(request)}{PATH}/sessions?changed")

    def _form(
        self,
        request: Request,
        person: Person,
        errors: dict[str, str] | None = None,
        status: int = 200,
        *,
        refused: SignInRefused | None = None,
    ) -> Response:
        return self._pages.render(
            request, "password.html", status=status, refused=refused, person=person, errors=errors or {}
        )

    async def _who(self, request: Request) -> tuple[Session | None, Person | None]:
        """Find whose pages they are: nobody's, a person's, or with a session and no person the operator's."""
        session = await self._pages.session(request)
        person = await self._pages.person(session)
        return (None, None) if session is not None and session.person_id and person is None else (session, person)

    def _elsewhere(self, request: Request) -> Response:
        return RedirectResponse(sign_in_path(request, request.scope["path"]), 303)
