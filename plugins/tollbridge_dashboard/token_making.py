"""Making a token: its form, and its secret, shown once."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Unavailable
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.screens import Form, Pages, Refused, Sending, new_key, viewer
from tollbridge_dashboard.scopes import WRITE
from tollbridge_dashboard.teams_offered import asking_for, teams_offered
from tollbridge_dashboard.token_form import CARDS, new_form, summary, wish_of

TOKENS = "/tokens"


class TokenMaking:
    """The pages a token is made with."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._gateway = pages.gateway

    async def form(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        given = read_query(request)
        teams = await teams_offered(self._pages, request, WRITE)
        form = new_form(given, posted=False, now=self._gateway.clock.now(), teams=teams)
        return self._form(request, form, new_key(), teams)

    async def create(self, request: Request) -> Response:
        """Make the token and show its secret, this once; or show the form again with what is wrong."""
        typed, who, now = await read_form(request), viewer(request), self._gateway.clock.now()
        teams = await teams_offered(self._pages, request, WRITE)
        form, key = new_form(typed, posted=True, now=now, teams=teams), field_of(typed, "sent")
        team = form.text("team")
        if team not in teams:
            form.errors["team"] = _("Choose one of your teams.")
        wish = wish_of(form, owner=who.id if who.person is not None else "", now=now)
        if form.errors:
            return self._form(request, form, key, teams)
        sending = Sending(self._gateway, who.id, key)
        made = await sending.begin()
        if made is not None:
            return await self._sent_already(request, made)
        asking = asking_for(self._pages, request, WRITE, team)
        try:
            token = await asking.post(TOKENS, {**wish, "team": team})
        except Refused as exc:
            if exc.status < 500:  # else it may be made
                await sending.give_up()
            form.refuse(exc)
            return self._form(request, form, key, teams)
        with suppress(Unavailable):  # it is made: whoever asked sees its secret
            await sending.finish(token["id"])
        return show_secret(self._pages, request, token, nav=TOKENS, up=(TOKENS, _("Tokens")))

    def _form(self, request: Request, form: Form, key: str, teams: Sequence[str]) -> Response:
        return self._pages.render(
            request,
            "token_new.html",
            status=400 if form.is_wrong else 200,
            nav=TOKENS,
            form=form,
            key=key,
            cards=CARDS,
            summary=summary(form),
            with_team=viewer(request).person is not None or len(teams) > 1,
            models=[entry.id for entry in self._gateway.models()][:8],
            has_budgets=bool(self._gateway.budgets.token),
        )

    async def _sent_already(self, request: Request, made: str) -> Response:
        """Say that the form was sent before, and what it made; 409 where that is not known, or gone."""
        reply = await self._pages.asking(request).send("GET", f"{TOKENS}/{made}") if made else None
        token = reply.value if reply is not None and reply.status == 200 else None
        if token is not None and not viewer(request).reaches(WRITE, token["team"]):
            token = None
        status = 409 if token is None else 200
        return self._pages.render(request, "token_sent.html", status=status, nav=TOKENS, token=token)


def show_secret(
    pages: Pages, request: Request, token: Mapping[str, Any], *, nav: str, up: tuple[str, str], **more: str | bool
) -> Response:
    """Show the secret of a token, this once, with what to do with it."""
    path = f"{nav}/{token['id']}"
    said: dict[str, Any] = {"rotated": False, "back": path, "used": f"{path}/used", **snippets(pages, request), **more}
    return pages.render(request, "token_made.html", nav=nav, up=up, token=token, secret=token["token"], **said)


def snippets(pages: Pages, request: Request) -> dict[str, str]:
    """Give what ready commands need: the gateway's address as the browser has it, and a model."""
    models = [entry.id for entry in pages.gateway.models()]
    return {"base": pages.address(request), "model": models[0] if models else "MODEL"}
