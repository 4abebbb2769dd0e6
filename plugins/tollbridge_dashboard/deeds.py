"""Deeds: what is done after a page has asked, and what shows a secret once.

Each deed has one path, with a page that asks and a form that does it, so that whoever proves in between who they are
comes back to the page that asks.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Need, Page, Unavailable
from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Pages, Refused, Reply, Sending, sentence
from tollbridge.screens.viewing import viewer

_READ_AS = re.compile(r":[a-z]+\}")
_ELSEWHERE = (403, 404)
"""What is a page of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One deed.  `path`, `call`, `about`, `up` and `then` are paths with names of the page's path between braces.

    `call` is what the API is sent, `about` what it is asked for what the deed is about, by `title`; where `typed`, that
    has to be typed first. `body` are fields with the names of the path that they are of. Afterwards it leads to `then`,
    where `said` is told.
    """

    path: str
    call: str
    about: str
    title: Callable[[Row], str]
    heading: str
    warning: str
    button: str
    nav: str
    up: str
    then: str
    said: str
    typed: bool = False
    body: Mapping[str, str] | None = None


def asked_first(pages: Pages, deed: Deed, need: Need) -> Sequence[Page]:
    """Give the two pages of a deed."""
    doing = _Doing(pages, deed)
    return (Page("GET", deed.path, doing.ask, need), Page("POST", deed.path, doing.do, need))


class _Doing:
    def __init__(self, pages: Pages, deed: Deed) -> None:
        self._pages = pages
        self._deed = deed

    async def ask(self, request: Request) -> Response:
        """Ask before it is done."""
        reply = await self._found(request)
        return self._page(request, reply.value, reply.tag)

    async def do(self, request: Request) -> Response:
        """Do it, if what has to be typed was."""
        deed, form, named = self._deed, await read_form(request), request.path_params
        reply, tag = await self._found(request), field_of(form, "tag")
        thing = reply.value
        typed = field_of(form, "name").strip()
        if deed.typed and typed != deed.title(thing):
            return self._page(request, thing, tag, typed=typed, error=_("That is not its name."))
        try:
            body = None if deed.body is None else _filled(deed.body, named)
            await self._pages.asking(request).post(deed.call.format_map(named), body, tag=tag)
        except Refused as exc:
            if exc.status in _ELSEWHERE:
                raise
            return self._page(request, thing, reply.tag, typed=typed, refused=exc)
        return self._pages.back(request, deed.then.format_map(named), said=deed.said)

    async def _found(self, request: Request) -> Reply:
        return await self._pages.asking(request).send("GET", self._deed.about.format_map(request.path_params))

    def _page(self, request: Request, thing: Row, tag: str, *, refused: Refused | None = None, **more: str) -> Response:
        deed, named = self._deed, request.path_params
        title, up = deed.title(thing), deed.up.format_map(named)
        return self._pages.render(
            request,
            "deed.html",
            status=refused.status if refused is not None else 400 if more.get("error") else 200,
            nav=deed.nav,
            heading=deed.heading,
            warning=deed.warning,
            thing=title,
            name=title if deed.typed else "",
            tag=tag,
            button=deed.button,
            action=_at(deed.path, named),
            up=(up, title),
            refused=said_of(refused) if refused is not None else "",
            **more,
        )


def _filled(body: Mapping[str, str], named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: named[of] for name, of in body.items()}


def _at(path: str, named: Mapping[str, Any]) -> str:
    """Fill in the names of a path; how they are read does not matter here."""
    return _READ_AS.sub("}", path).format_map(named)


def said_of(refused: Refused) -> str:
    """Say all that the API refused, as sentences."""
    parts = [f"{name}: {said}" if name else said for name, said in refused.fields.items()] or [refused.message]
    return " ".join(map(sentence, parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """Secrets that are shown once: pairs of a label and a text, with what they are for, and where it goes on."""

    heading: str
    about: str
    secrets: Sequence[tuple[str, str]]
    up: tuple[str, str]
    nav: str
    said: str = N_("I have copied it")


async def shown_once(
    pages: Pages, request: Request, key: str, make: Callable[[], Awaitable[Revealed]], *, nav: str, up: tuple[str, str]
) -> Response:
    """Make something with a secret and show that, this once; a form that comes again makes nothing.

    Raises what `make` does: then the form may be sent again.
    """
    sending = Sending(pages.gateway, viewer(request).id, key)
    if await sending.begin() is not None:
        return pages.render(request, "sent_already.html", status=409, nav=nav, up=up)
    try:
        made = await make()
    except Refused as exc:
        if exc.status < 500:  # else it may be made
            await sending.give_up()
        raise
    with suppress(Unavailable):  # it is made: whoever asked sees its secret
        await sending.finish("made")
    return pages.render(request, "secret_shown.html", nav=nav, made=made, secret=True)
