"""Who gets to the pages: whoever has a session that opens."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge.browsing import SESSION, Refuse, here, read_cookie, root, sign_in_path
from tollbridge.screens.viewing import see, viewer_of

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway


class Guard:
    """Finds the session of each request."""

    def __init__(self, gateway: "Gateway", refuse: Refuse) -> None:
        self._gateway = gateway
        self._refuse = refuse

    async def admit(self, request: Request) -> Response | None:
        """Give the answer to a request without a session, None for one that may in; raises `Unavailable`.

        Whoever opens a page is led to where one signs in; what a page's script, or a program with a token, asks for is
        refused.
        """
        path: str = request.scope["path"].removeprefix(root(request))
        if path.startswith("/static/"):
            return None
        if f"{path}/".startswith("/sign-in/"):  # else nobody answers there, and each page would lead to it again
            return await self._refuse(request, 404)
        session = await self._gateway.sessions.find(read_cookie(request, SESSION))
        viewer = None if session is None else await viewer_of(self._gateway, session)
        if viewer is not None:
            see(request, viewer)
            return None
        if request.method == "GET" and _is_opened(request):
            return RedirectResponse(sign_in_path(request, here(request)), 303)
        return await self._refuse(request, 401)


def _is_opened(request: Request) -> bool:
    """Whether somebody opens a page; a browser from before 2023 does not say."""
    shows_token = "authorization" in request.headers or "x-api-key" in request.headers
    return not shows_token and request.headers.get("sec-fetch-dest", "document") == "document"
