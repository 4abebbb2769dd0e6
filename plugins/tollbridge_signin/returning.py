"""Signing in with an OpenID provider: there and back again."""

from datetime import datetime

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge import Unavailable
from tollbridge.browsing import from_here, read_cookie, set_cookie, way_back
from tollbridge.people.model import Person
from tollbridge_signin import PATH
from tollbridge_signin.arrivals import Arrivals
from tollbridge_signin.attempts import COOKIE, LIFE_S, Attempt, Attempts
from tollbridge_signin.pages import Pages, client_of
from tollbridge_signin.providers import OpenIdProvider
from tollbridge_signin.refusals import SignInRefused, Why
from tollbridge_signin.ways import Ways

_LONGEST = 8192
_Arrived = tuple[Person, datetime | None]
log = structlog.get_logger("tollbridge")


class Returning:
    """Sends people to a provider and takes them back."""

    def __init__(self, pages: Pages, ways: Ways) -> None:
        self._pages = pages
        self._ways = ways
        self._gateway = pages.gateway
        self._attempts = Attempts(self._gateway.box, self._gateway.clock)
        self._arrivals = Arrivals(self._gateway)

    async def go(self, request: Request) -> Response:
        """Send somebody to a provider.  Only a page of ours begins that: nobody is signed in by a link elsewhere."""
        provider = self._provider(request)
        if not from_here(request):
            raise HTTPException(403)
        session = await self._pages.session(request) if "again" in request.query_params else None
        back = way_back(request, request.query_params.get("next", ""))
        attempt = self._attempts.begin(provider.name, back, session.person_id if session else "")
        try:
            answer = RedirectResponse(await provider.address(attempt, self._redirect_uri(provider)), 303)
        except Unavailable as exc:
            return self._refused(request, provider, back, SignInRefused(Why.AWAY, exc.detail or exc.message))
        set_cookie(answer, request, COOKIE, self._attempts.seal(attempt), max_age=LIFE_S)
        return answer

    async def come(self, request: Request) -> Response:
        """Take back who a provider sends, and begin a session."""
        provider, back = self._provider(request), ""
        attempt = await self._attempts.open(read_cookie(request, COOKIE))
        try:
            if attempt is None or not attempt.matches(provider.name, _said(request, "state") or ""):
                raise SignInRefused(Why.STALE, "the state is none of this browser's")
            back = attempt.back
            person, proved_at = await self._arrived(request, provider, attempt)
        except Unavailable as exc:
            answer = self._refused(request, provider, back, SignInRefused(Why.AWAY, exc.detail or exc.message))
        except SignInRefused as exc:
            answer = self._refused(request, provider, back, exc)
        else:
            answer = await self._pages.enter(request, person.id, f"oidc:{provider.name}", back, proved_at=proved_at)
        set_cookie(answer, request, COOKIE, "", max_age=0)
        return answer

    async def _arrived(self, request: Request, provider: OpenIdProvider, attempt: Attempt) -> _Arrived:
        """Find who came, and when they proved it, once for each attempt; raises `SignInRefused` and `Unavailable`."""
        if not await (await self._gateway.store.replays()).first(attempt.digest, attempt.ends_at):
            raise SignInRefused(Why.STALE, "the state was shown before")
        await provider.check_sender(_said(request, "iss"))
        code = _said(request, "code")
        if code is None or "error" in request.query_params:
            raise SignInRefused(Why.DENIED, "the provider answered with an error")
        known = await provider.identify(attempt, code, self._redirect_uri(provider))
        more = {"client": client_of(request), "whom": attempt.person_id}
        return await self._arrivals.person(provider.name, provider.options, known, **more), known.proved_at

    def _refused(self, request: Request, provider: OpenIdProvider, back: str, exc: SignInRefused) -> Response:
        log.warning(
            "sign_in_refused",
            reason=exc.why.name.lower(),
            provider=provider.name,
            detail=exc.detail,
            client=client_of(request),
        )
        return self._pages.render(
            request,
            "not_signed_in.html",
            refused=exc,
            title=provider.title,
            back=way_back(request, back),
        )

    def _provider(self, request: Request) -> OpenIdProvider:
        provider = self._ways.provider(request.path_params["name"])
        if provider is None:
            raise HTTPException(404)
        return provider

    def _redirect_uri(self, provider: OpenIdProvider) -> str:
        """Give where a provider sends people back to, one address for each (RFC 9700, section 4.4.2.2)."""
        server = self._gateway.config.server
        return f"{server.public_url}{server.prefix}{PATH}/oidc/{provider.name}/callback"


def _said(request: Request, name: str) -> str | None:
    """Give a parameter of an answer; raises `SignInRefused` where it is there twice, which reads in two ways."""
    found = request.query_params.getlist(name)
    if len(found) > 1 or any(len(value) > _LONGEST for value in found):
        raise SignInRefused(Why.STALE, f"the answer has no single {name}")
    return found[0] if found else None
