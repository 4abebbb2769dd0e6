"""What every page here shares: how it is rendered, who is there, and how somebody becomes signed in."""

from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tollbridge import Actor, Gateway
from tollbridge.browsing import SESSION, Languages, Renderer, read_cookie, set_cookie, way_back
from tollbridge.people.model import Person
from tollbridge.sessions import Browser, Session
from tollbridge_signin import PATH
from tollbridge_signin.refusals import SignInRefused

_PACKAGE = "tollbridge_signin"


class Pages:
    """The pages of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._renderer = Renderer(_PACKAGE, gateway.clock, mount=PATH, config=gateway.config)
        self.assets, self.languages = self._renderer.assets, self._renderer.languages

    def render(
        self,
        request: Request,
        template: str,
        /,
        *,
        status: int = 200,
        refused: SignInRefused | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """Render a template; where somebody was `refused` it is told why, with the status of that."""
        status = status if refused is None else refused.why.status
        words = None if refused is None else refused.why.words
        page = self._renderer.render(request, template, status=status, said_no=words, **context)
        page.headers.update({} if refused is None else refused.headers)
        return page

    async def refuse(self, request: Request, status: int) -> Response:
        """Make the page of a refusal before any page was reached."""
        return self.render(request, "refused.html", status=status, code=status)

    async def failed(self, request: Request, exc: Exception) -> Response:
        """Make the page of an error."""
        code: int = exc.status_code if isinstance(exc, HTTPException) else getattr(exc, "status", 500)
        page = self.render(request, "refused.html", status=code, code=code)
        page.headers.update(exc.headers or {} if isinstance(exc, HTTPException) else {})
        return page

    async def session(self, request: Request) -> Session | None:
        """Give the session of a request, if there is one; raises `Unavailable`."""
        return await self.gateway.sessions.find(read_cookie(request, SESSION))

    async def person(self, session: Session | None) -> Person | None:
        """Give whose session it is; None for nobody's and the operator's."""
        return await self.gateway.people.get_person(session.person_id) if session and session.person_id else None

    async def enter(
        self, request: Request, person_id: str, via: str, wanted: str, **times: datetime | None
    ) -> Response:
        """Begin a session in place of the one that is there, and lead on to the page that was wanted.

        `times` are those that `Sessions.begin` takes.
        """
        gateway = self.gateway
        before = read_cookie(request, SESSION)
        begun = await gateway.sessions.begin(person_id, via, browser(request), instead_of=before, **times)
        if person_id:
            await gateway.people.saw(person_id)
        answer = RedirectResponse(way_back(request, wanted), 303)
        set_cookie(answer, request, SESSION, begun.secret, max_age=gateway.sessions.life_s)
        return answer


def check_languages(gateway: Gateway) -> None:
    """Refuse a catalogue of the operator that cannot be used, and a language that nobody speaks.

    Raises `ConfigError`.
    """
    Languages(_PACKAGE, config=gateway.config)


def browser(request: Request) -> Browser:
    """Give where somebody is."""
    return Browser(client_of(request), request.headers.get("user-agent", ""))


def client_of(request: Request) -> str:
    """Give the address a request came from."""
    return request.client.host if request.client is not None else ""


def actor(request: Request, session: Session) -> Actor:
    """Say who does something, for the audit log."""
    return Actor(session.person_id or "operator", "sign-in", client_of(request))
