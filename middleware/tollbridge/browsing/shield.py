"""What stands before every page: its headers, and no change that another site asks for."""

from collections.abc import Awaitable, Callable, Iterable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tollbridge.browsing.languages import Languages
from tollbridge.browsing.origin import from_here
from tollbridge.browsing.place import Place
from tollbridge.browsing.speech import Speech, speaking
from tollbridge.clock import Clock
from tollbridge.errors import GatewayError

_SAFE = ("GET", "HEAD", "OPTIONS")

Refuse = Callable[[Request, int], Awaitable[Response]]
"""Makes the page of a refusal with that status."""
Admit = Callable[[Request], Awaitable[Response | None]]
"""Gives the answer to a request that does not get to the pages, None for one that does."""


def policy(forms: Iterable[str] = ()) -> str:
    """Write the Content-Security-Policy of pages; `forms` are origins that an answer to a form may redirect to."""
    targets = " ".join(("'self'", *forms))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        f"connect-src 'self'; form-action {targets}; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


class Shield:
    """Wraps an app of pages, which then sees each request as the browser made it.

    `refuse` makes the page for a request of another site (403); `admit`, where given, may answer before the pages do.
    With `languages` a request is answered in one of them, else in English.
    """

    def __init__(
        self,
        app: ASGIApp,
        place: Place,
        *,
        refuse: Refuse,
        clock: Clock,
        admit: Admit | None = None,
        languages: Languages | None = None,
    ) -> None:
        self._app = app
        self._place = place
        self._refuse = refuse
        self._clock = clock
        self._admit = admit
        self._languages = languages
        self._policy = policy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        scope = self._place.seen(scope)
        request, began = Request(scope, receive), self._clock.monotonic()

        async def harden(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", self._policy)
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "same-origin"
                headers.setdefault("cache-control", "no-store")
                times = [headers.get("server-timing"), f"total;dur={(self._clock.monotonic() - began) * 1000:.1f}"]
                headers["server-timing"] = ", ".join(time for time in times if time)
            await send(message)

        with speaking(Speech() if self._languages is None else self._languages.of(request)):
            await (await self._answerer(request))(scope, receive, harden)

    async def _answerer(self, request: Request) -> ASGIApp:
        """Give who answers: a refusal, whoever admits, or the pages."""
        if request.method not in _SAFE and not from_here(request):
            return await self._refuse(request, 403)
        try:
            answer = None if self._admit is None else await self._admit(request)
        except GatewayError as exc:
            answer = await self._refuse(request, exc.status)
        return self._app if answer is None else answer
