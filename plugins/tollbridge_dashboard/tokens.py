"""Tokens: find them, make one, revoke one."""

from gettext import gettext as _
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from tollbridge import BadRequest, Denied, Token, TokenState
from tollbridge.browsing import read_form, root
from tollbridge.stores.base import TokenCounts, TokenView
from tollbridge_dashboard.budgets import fullest
from tollbridge_dashboard.pages import Pages
from tollbridge_dashboard.token_form import CARDS, TokenForm
from tollbridge_dashboard.viewing import BRIDGE, viewer
from tollbridge_dashboard.words import day

READ, WRITE = "admin:tokens:read", "admin:tokens:write"
PAGE = 25
_HOLDERS = ("team", "member")
"""Kinds that say what a team or a person may do, and are no tokens to look at."""
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
        before, teams = query.get("before") or None, viewer(request).teams(READ)
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
            tokens=shown,
            uses=await fullest(self._gateway, shown),
            counts=counts,
            search=search,
            state=state,
            states=[one for one in _STATES if one is not TokenState.DISABLED or state == one or _disabled(counts)],
            team=team,
            teams=teams if len(teams) > 1 else (),
            query=lambda **more: urlencode({key: value for key, value in {**kept, **more}.items() if value}),
            older=urlencode({**chosen, "before": shown[-1].id}) if len(found) > PAGE else "",
            newest=urlencode(chosen) if before else None,
            revoked=query.get("revoked", ""),
        )

    async def form(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        query = request.query_params
        given = {name: query.getlist(name) for name in query}
        return self._form(request, TokenForm.read(given, posted=False))

    def _form(self, request: Request, form: TokenForm) -> Response:
        now = self._gateway.clock.now()
        who = viewer(request)
        return self._pages.render(
            request,
            "token_new.html",
            status=400 if form.errors else 200,
            nav="tokens",
            form=form,
            teams=who.teams(WRITE) if who.person is not None else (),
            cards=CARDS,
            expiries=form.expiries(now, day),
            models=[entry.id for entry in self._gateway.models()][:8],
            has_budgets=bool(self._gateway.budgets.token),
        )

    async def create(self, request: Request) -> Response:
        """Make the token and show its secret, this once; or show the form again with what is wrong."""
        form = TokenForm.read(await read_form(request), posted=True)
        now = self._gateway.clock.now()
        scopes, owner, limits, budget = form.scopes(), form.owner(), form.limits(), form.budget()
        who = viewer(request)
        teams = who.teams(WRITE)
        team = form.texts["team"] if form.texts["team"] in teams or len(teams) > 1 else teams[0]
        if team not in teams:
            form.errors["team"] = _("Choose one of your teams.")
        if not form.texts["name"]:
            form.errors["name"] = _("A token needs a name.")
        if form.errors:
            return self._form(request, form)
        try:
            issued = await self._gateway.tokens.issue(
                name=form.texts["name"],
                scopes=scopes,
                owner=owner,
                team=team,
                expires_at=form.expires_at(now),
                limits=limits,
                budget=budget,
                minter=who.minter(team),
                by=who.actor(request),
            )
        except (BadRequest, Denied) as exc:
            field = exc.param if exc.param in form.texts else "scopes" if isinstance(exc, Denied) else "name"
            form.errors[field or "name"] = exc.message[:1].upper() + exc.message[1:] + "."
            return self._form(request, form)
        models = [entry.id for entry in self._gateway.models()]
        return self._pages.render(
            request,
            "token_made.html",
            nav="tokens",
            token=issued.token,
            secret=issued.secret,
            base=self._base(request),
            model=models[0] if models else "MODEL",
        )

    def _base(self, request: Request) -> str:
        """Give the gateway's address as the browser has it."""
        path = root(request).removesuffix(self._gateway.config.server.prefix)
        return f"{request.url.scheme}://{request.headers.get('host', '')}{path}"

    async def used(self, request: Request) -> Response:
        """Say whether a token was ever used, for the pill that waits."""
        token = await self._token(request, READ)
        calls = await self._gateway.store.recent(limit=1, token_id=token.id)
        return JSONResponse({"used": bool(calls) or token.last_used_at is not None})

    async def ask(self, request: Request) -> Response:
        """Ask before revoking."""
        return self._ask(request, await self._token(request, WRITE))

    def _ask(self, request: Request, token: Token, *, typed: str = "", error: str = "") -> Response:
        status = 400 if error else 200
        return self._pages.render(
            request, "token_revoke.html", status=status, nav="tokens", token=token, typed=typed, error=error
        )

    async def revoke(self, request: Request) -> Response:
        """Revoke, if the name was typed."""
        token = await self._token(request, WRITE)
        typed = (await read_form(request)).get("name", [""])[0].strip()
        if typed != token.name:
            return self._ask(request, token, typed=typed, error=_("That is not the token's name."))
        await self._gateway.tokens.revoke(token.id, by=viewer(request).actor(request))
        return RedirectResponse(f"{root(request)}/tokens?{urlencode({'revoked': token.id})}", 303)

    async def _token(self, request: Request, scope: str) -> Token:
        """Find the token of a page; what somebody's scope does not reach is not there."""
        token = await self._gateway.store.get_token(request.path_params["id"])
        if token is None or token.kind in _HOLDERS or not viewer(request).reaches(scope, token.team):
            raise HTTPException(404)
        return token


def _disabled(counts: TokenCounts | None) -> bool:
    return counts is None or counts.disabled > 0
