"""Making a token: its form, and its secret, shown once."""

from contextlib import suppress
from gettext import gettext as _
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import BadRequest, Denied, Unavailable
from tollbridge.browsing import read_form, root
from tollbridge_dashboard.pages import Pages
from tollbridge_dashboard.sending import Sending, new_key
from tollbridge_dashboard.token_form import CARDS, TokenForm
from tollbridge_dashboard.viewing import WRITE, Viewer, viewer
from tollbridge_dashboard.words import day


class TokenMaking:
    """The pages a token is made with."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._gateway = pages.gateway

    async def form(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        query = request.query_params
        given = {name: query.getlist(name) for name in query}
        return self._form(request, TokenForm.read(given, posted=False), new_key())

    def _form(self, request: Request, form: TokenForm, key: str) -> Response:
        now = self._gateway.clock.now()
        who = viewer(request)
        return self._pages.render(
            request,
            "token_new.html",
            status=400 if form.errors else 200,
            nav="tokens",
            form=form,
            key=key,
            teams=who.teams(WRITE) if who.person is not None else (),
            cards=CARDS,
            expiries=form.expiries(now, day),
            models=[entry.id for entry in self._gateway.models()][:8],
            has_budgets=bool(self._gateway.budgets.token),
        )

    async def create(self, request: Request) -> Response:
        """Make the token and show its secret, this once; or show the form again with what is wrong."""
        typed = await read_form(request)
        form, key, who = TokenForm.read(typed, posted=True), typed.get("sent", [""])[0], viewer(request)
        team, wish = self._team(form, who), self._wish(form)
        if form.errors:
            return self._form(request, form, key)
        sending = Sending(self._gateway, who.person.id if who.person is not None else "operator", key)
        made = await sending.begin()
        if made is not None:
            return await self._sent_already(request, made)
        try:
            issued = await self._gateway.tokens.issue(**wish, team=team, minter=who.minter(team), by=who.actor(request))
        except (BadRequest, Denied) as exc:
            await sending.give_up()
            field = exc.param if exc.param in form.texts else "scopes" if isinstance(exc, Denied) else "name"
            form.errors[field or "name"] = exc.message[:1].upper() + exc.message[1:] + "."
            return self._form(request, form, key)
        with suppress(Unavailable):  # it is made: whoever asked sees its secret
            await sending.finish(issued.token.id)
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

    def _team(self, form: TokenForm, who: Viewer) -> str:
        """Give the team it is for; notes where it is none of theirs."""
        teams = who.teams(WRITE)
        team = form.texts["team"] if form.texts["team"] in teams or len(teams) > 1 else teams[0]
        if team not in teams:
            form.errors["team"] = _("Choose one of your teams.")
        return team

    def _wish(self, form: TokenForm) -> dict[str, Any]:
        """Read what it is to be; notes what is wrong."""
        if not form.texts["name"]:
            form.errors["name"] = _("A token needs a name.")
        return {
            "name": form.texts["name"],
            "scopes": form.scopes(),
            "owner": form.owner(),
            "limits": form.limits(),
            "budget": form.budget(),
            "expires_at": form.expires_at(self._gateway.clock.now()),
        }

    async def _sent_already(self, request: Request, made: str) -> Response:
        """Say that the form was sent before, and what it made; 409 where that is not known, or gone."""
        token = await self._gateway.store.get_token(made) if made else None
        if token is not None and not viewer(request).reaches(WRITE, token.team):
            token = None
        return self._pages.render(
            request, "token_sent.html", status=409 if token is None else 200, nav="tokens", token=token
        )

    def _base(self, request: Request) -> str:
        """Give the gateway's address as the browser has it."""
        path = root(request).removesuffix(self._gateway.config.server.prefix)
        return f"{request.url.scheme}://{request.headers.get('host', '')}{path}"
