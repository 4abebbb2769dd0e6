"""Tokens: find them, revoke one."""

from gettext import gettext as _
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from tollbridge import Token, TokenState
from tollbridge.administering import HOLDERS
from tollbridge.browsing import read_form, root
from tollbridge.stores.base import TokenView
from tollbridge_dashboard.budgets import fullest
from tollbridge_dashboard.owners import owners
from tollbridge_dashboard.pages import Pages
from tollbridge_dashboard.viewing import BRIDGE, READ, WRITE, viewer
from tollbridge_dashboard.waits import collect_waiting

PAGE = 25
_LONGEST_SEARCH = 200
_STATES = (
    TokenState.ACTIVE,
    TokenView.ENDING,
    TokenView.NEAR_BUDGET,
    TokenView.OVER_BUDGET,
    TokenState.DISABLED,
    TokenState.EXPIRED,
    TokenState.REVOKED,
)


class Tokens:
    """The pages about tokens."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._gateway = pages.gateway

    async def page(self, request: Request) -> Response:
        """List tokens, newest first; the address holds search, filter and where the page begins."""
        query = request.query_params
        search, state = query.get("q", "").strip()[:_LONGEST_SEARCH], query.get("state", "")
        state = state if state in _STATES else ""
        before, who = query.get("before") or None, viewer(request)
        teams = who.teams(READ)
        team = query.get("team", "")
        team = team if team in teams else teams[0]
        store, budgets = self._gateway.store, self._gateway.budgets.token
        wanted = {"search": search, "state": state, "team": team}
        found = await store.list_tokens(limit=PAGE + 1, before=before, budgets=budgets, **wanted)
        shown = found[:PAGE]
        counts = await store.count_tokens(budgets=budgets) if BRIDGE in teams and not team else None
        kept = {"q": search, "state": state, "team": team}
        chosen = {name: value for name, value in kept.items() if value}
        return self._pages.render(
            request,
            "tokens.html",
            nav="tokens",
            waits=None if who.has_home else await collect_waiting(self._gateway, who),
            tokens=shown,
            people=await owners(self._gateway, shown),
            uses=await fullest(self._gateway, shown),
            counts=counts,
            search=search,
            state=state,
            states=_STATES,
            team=team,
            teams=teams if len(teams) > 1 else (),
            query=lambda **more: urlencode({key: value for key, value in {**kept, **more}.items() if value}),
            older=urlencode({**chosen, "before": shown[-1].id}) if len(found) > PAGE else "",
            newest=urlencode(chosen) if before else None,
            revoked=query.get("revoked", ""),
        )

    async def used(self, request: Request) -> Response:
        """Say whether a token was ever used, for the pill that waits."""
        token = await self._token(request, READ)
        calls = await self._gateway.store.recent(limit=1, token_id=token.id)
        return JSONResponse({"used": bool(calls) or token.last_used_at is not None})

    async def ask(self, request: Request) -> Response:
        """Ask before revoking."""
        return await self._ask(request, await self._token(request, WRITE))

    async def _ask(self, request: Request, token: Token, *, typed: str = "", error: str = "") -> Response:
        return self._pages.render(
            request,
            "token_revoke.html",
            status=400 if error else 200,
            nav="tokens",
            token=token,
            people=await owners(self._gateway, (token,)),
            typed=typed,
            error=error,
        )

    async def revoke(self, request: Request) -> Response:
        """Revoke, if the name was typed."""
        token = await self._token(request, WRITE)
        typed = (await read_form(request)).get("name", [""])[0].strip()
        if typed != token.name:
            return await self._ask(request, token, typed=typed, error=_("That is not the token's name."))
        await self._gateway.tokens.revoke(token.id, by=viewer(request).actor(request))
        return RedirectResponse(f"{root(request)}/tokens?{urlencode({'revoked': token.id})}", 303)

    async def _token(self, request: Request, scope: str) -> Token:
        """Find the token of a page; what somebody's scope does not reach is not there."""
        token = await self._gateway.store.get_token(request.path_params["id"])
        if token is None or token.kind in HOLDERS or not viewer(request).reaches(scope, token.team):
            raise HTTPException(404)
        return token
