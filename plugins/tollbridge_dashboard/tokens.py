"""Tokens: find them, make one, revoke one."""

from gettext import gettext as _
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from tollbridge import Actor, BadRequest, Token, TokenState
from tollbridge.stores.base import TokenView
from tollbridge_dashboard.budgets import fullest
from tollbridge_dashboard.pages import Pages, read_form, root
from tollbridge_dashboard.token_form import CARDS, TokenForm
from tollbridge_dashboard.words import day

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
        before = query.get("before") or None
        store, budgets = self._gateway.store, self._gateway.budgets.token
        found = await store.list_tokens(limit=PAGE + 1, before=before, search=search, state=state, budgets=budgets)
        shown = found[:PAGE]
        counts = await store.count_tokens(budgets=budgets)
        kept = {"q": search, "state": state}
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
            states=[one for one in _STATES if one is not TokenState.DISABLED or counts.disabled or state == one],
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
        return self._pages.render(
            request,
            "token_new.html",
            status=400 if form.errors else 200,
            nav="tokens",
            form=form,
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
        if not form.texts["name"]:
            form.errors["name"] = _("A token needs a name.")
        if form.errors:
            return self._form(request, form)
        try:
            issued = await self._gateway.tokens.issue(
                name=form.texts["name"],
                scopes=scopes,
                owner=owner,
                expires_at=form.expires_at(now),
                limits=limits,
                budget=budget,
                by=_actor(request),
            )
        except BadRequest as exc:
            field = exc.param if exc.param in form.texts else "name"
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
        token = await self._token(request)
        calls = await self._gateway.store.recent(limit=1, token_id=token.id)
        return JSONResponse({"used": bool(calls) or token.last_used_at is not None})

    async def ask(self, request: Request) -> Response:
        """Ask before revoking."""
        return self._ask(request, await self._token(request))

    def _ask(self, request: Request, token: Token, *, typed: str = "", error: str = "") -> Response:
        status = 400 if error else 200
        return self._pages.render(
            request, "token_revoke.html", status=status, nav="tokens", token=token, typed=typed, error=error
        )

    async def revoke(self, request: Request) -> Response:
        """Revoke, if the name was typed."""
        token = await self._token(request)
        typed = (await read_form(request)).get("name", [""])[0].strip()
        if typed != token.name:
            return self._ask(request, token, typed=typed, error=_("That is not the token's name."))
        await self._gateway.tokens.revoke(token.id, by=_actor(request))
        return RedirectResponse(f"{root(request)}/tokens?{urlencode({'revoked': token.id})}", 303)

    async def _token(self, request: Request) -> Token:
        token = await self._gateway.store.get_token(request.path_params["id"])
        if token is None:
            raise HTTPException(404)
        return token


def _actor(request: Request) -> Actor:
    return Actor("operator", "dashboard", request.client.host if request.client is not None else "")
