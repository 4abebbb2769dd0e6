"""The page of one token, and what its keeper does with it: another secret, and the end of it."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import BRIDGE, Asking, Pages, Refused, sentence, viewer
from tollbridge_dashboard.scopes import WRITE
from tollbridge_dashboard.teams_offered import asking_for
from tollbridge_dashboard.token_making import snippets
from tollbridge_dashboard.token_rotating import TokenRotating
from tollbridge_dashboard.token_rows import LIVE, at, owner, spending, status

SAID = {
    "made": N_("The token is there."),
    "changed": N_("The change holds from now on."),
    "disabled": N_("It is refused until it is enabled again, and so is what it minted."),
    "enabled": N_("It is let across again."),
    "extended": N_("It ends when you said."),
    "revoked": N_("It is refused from now on, everywhere."),
}
_HAVE_SECRETS = ("bearer", "secret")
_MOST_MINTED = 10


class OneToken:
    """The pages of one token.

    `below` is where tokens are on pages, `calls` where in the API, `title` what the page of all of them is called.
    `own`: they are of whoever looks, whatever they may do elsewhere.
    """

    def __init__(self, pages: Pages, *, below: str, calls: str, title: str, own: bool) -> None:
        self.pages = pages
        self.below = below
        self.calls = calls
        self._title = title
        self._own = own
        self._rotating = TokenRotating(pages, below=below, calls=calls, title=title)

    async def show(self, request: Request) -> Response:
        """Show it."""
        token, now = (await self.found(request))[0], self.pages.gateway.clock.now()
        may = self._own or viewer(request).reaches(WRITE, token["team"])
        family: Mapping[str, Any] = {} if self._own else await self._family(request, token)
        more = {"parent": None, "minted": (), "more_minted": False, **family, **snippets(self.pages, request)}
        return self.pages.render(
            request,
            "token.html",
            nav=self.below,
            up=(self.below, _(self._title)),
            token=token,
            own=self._own,
            may=may and token["state"] in LIVE,
            rotates=token["kind"] in _HAVE_SECRETS,
            edits=not self._own and token["kind"] == "bearer",
            standing=status(token, now),
            owned=owner(token),
            spent=[spending({"budgets": [one]}) for one in token["budgets"]],
            at=at,
            said=self.pages.told(request, SAID),
            **more,
        )

    async def used(self, request: Request) -> Response:
        """Say whether a token was ever used, for the pill that waits."""
        found = await self.pages.asking(request).get(self.calls, q=request.path_params["id"], limit=1)
        if not found["items"]:
            raise HTTPException(404)
        return JSONResponse({"used": found["items"][0]["last_used_at"] is not None})

    async def ask_rotate(self, request: Request) -> Response:
        """Ask for how long the secret before still opens."""
        token, tag = await self.touched(request)
        return self._rotating.ask(request, token, tag)

    async def rotate(self, request: Request) -> Response:
        """Give it another secret."""
        token, _tag = await self.touched(request)
        return await self._rotating.rotate(request, self.acting(request, token), token)

    async def ask_revoke(self, request: Request) -> Response:
        """Ask before it is revoked."""
        token, tag = await self.touched(request)
        return self._ask_revoke(request, token, tag)

    async def revoke(self, request: Request) -> Response:
        """Revoke it, if its name was typed."""
        (token, _tag), form = await self.touched(request), await read_form(request)
        typed, tag = field_of(form, "name").strip(), field_of(form, "tag")
        if typed != token["name"].strip():
            return self._ask_revoke(request, token, tag, typed=typed, error=_("That is not the token's name."))
        try:
            await self.acting(request, token).post(f"{self.calls}/{token['id']}/revoke", tag=tag)
        except Refused as exc:
            return self._ask_revoke(request, token, tag, typed=typed, error=sentence(exc.message))
        return self.pages.back(request, self.below, said="revoked")

    async def found(self, request: Request) -> tuple[Row, str]:
        """Find the token of a page, with its tag; what nobody may see is not there."""
        path = f"{self.calls}/{request.path_params['id']}"
        reply = await self.pages.asking(request).send("GET", path, query={"details": True})
        return reply.value, reply.tag

    async def touched(self, request: Request) -> tuple[Row, str]:
        """Find it for who is to change it; raises `HTTPException` for who may see it alone."""
        token, tag = await self.found(request)
        if not self._own and not viewer(request).reaches(WRITE, token["team"]):
            raise HTTPException(404)
        return token, tag

    def acting(self, request: Request, token: Row) -> Asking:
        """Give what changes it: with what somebody may do where they may do that."""
        if not self._own:
            return asking_for(self.pages, request, WRITE, token["team"])
        teams = [team for team, _holder in viewer(request).callers()]
        return self.pages.asking(request, team=token["team"] if token["team"] in teams else BRIDGE)

    def _ask_revoke(self, request: Request, token: Row, tag: str, *, typed: str = "", error: str = "") -> Response:
        return self.pages.render(
            request,
            "token_revoke.html",
            status=400 if error else 200,
            nav=self.below,
            up=(f"{self.below}/{token['id']}", token["name"]),
            action=f"{self.below}/{token['id']}/revoke",
            token=token,
            status_cell=status(token, self.pages.gateway.clock.now()),
            owned=owner(token),
            at=at,
            tag=tag,
            typed=typed,
            error=error,
        )

    async def _family(self, request: Request, token: Row) -> Mapping[str, Any]:
        """Find what it was made with, where that is a token too, and what it made."""
        asking = self.pages.asking(request)
        above = None
        if token["parent"]:
            reply = await asking.send("GET", f"{self.calls}/{token['parent']}")
            above = reply.value if reply.status == 200 else None
        minted = await asking.get(self.calls, parent=token["id"], limit=_MOST_MINTED)
        return {"parent": above, "minted": minted["items"], "more_minted": minted["next"] is not None}
