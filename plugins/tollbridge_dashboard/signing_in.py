"""Signing in by a link that works once, and signing out."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge_dashboard.cookies import SESSION, read_cookie, set_cookie
from tollbridge_dashboard.door import SESSION_LIFE_S, Door
from tollbridge_dashboard.pages import Pages, read_form, root


class SignIn:
    """The pages at the door."""

    def __init__(self, pages: Pages, door: Door) -> None:
        self._pages = pages
        self._door = door

    async def page(self, request: Request) -> Response:
        """Show one button: a link that is merely looked at, by a mail scanner say, is not used up."""
        code = request.query_params.get("code", "")
        known = self._door.knows_code(code)
        status = 401 if code and not known else 200
        left = "out" in request.query_params
        return self._pages.render(request, "sign_in.html", status=status, code=code if known else "", left=left)

    async def enter(self, request: Request) -> Response:
        """Use the link up and begin a session."""
        form = await read_form(request)
        session = self._door.use_code(form.get("code", [""])[0])
        if session is None:
            return self._pages.render(request, "sign_in.html", status=401, code="", left=False)
        answer = RedirectResponse(f"{root(request)}/", 303)
        set_cookie(answer, request, SESSION, session, max_age=SESSION_LIFE_S)
        return answer

    async def leave(self, request: Request) -> Response:
        """End the session; its cookie is worth nothing from now on."""
        self._door.end_session(read_cookie(request, SESSION))
        answer = RedirectResponse(f"{root(request)}/sign-in?out", 303)
        set_cookie(answer, request, SESSION, "", max_age=0)
        return answer
