"""Where people, and the operator, are signed in with a browser: listed and ended by others.

From where somebody signs in is more than what there is to know of people, so it has scopes of its own, in the whole
bridge.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tollbridge import Denied, Gateway, NotFound
from tollbridge.administering import micros, moment
from tollbridge.sessions import Session
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import Cursor, Limit, cursor, read_cursor
from tollbridge_admin.people import see_person
from tollbridge_admin.problems import refused
from tollbridge_admin.routes import Route, route
from tollbridge_admin.tokenshapes import Wish

READ, WRITE = "admin:sessions:read", "admin:sessions:write"
_LIST = "sessions"
_OPERATOR = ""
"""Whose sessions the operator's are, as they are kept."""
_NAMED = re.compile(r"([0-9]{1,17})-([0-9a-f]{24})", re.ASCII)


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A session; `via` is how somebody proved who they are, last at `confirmed_at`, `agent` what the browser says."""

    id: str
    via: str
    address: str
    agent: str
    created_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    confirmed_at: datetime


class SessionsAsked(Wish, frozen=True):
    """Which page of the sessions."""

    limit: Limit = 50
    after: Cursor = ""


class SessionsShown(msgspec.Struct, frozen=True):
    """A page of sessions, newest first; `next` is the cursor of the page behind it."""

    items: Sequence[SessionShown]
    next: str | None


class SessionsEnd(Wish, frozen=True):
    """Which session is to end; without one, all of them."""

    session: Annotated[str, Meta(min_length=1, max_length=64, description="Its id.")] | None = None


class SessionsEnded(msgspec.Struct, frozen=True):
    """How many sessions there were."""

    ended: int


class Sessions:
    """Answers for the sessions of people and, without anybody in the path, of the operator."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        operators = self._routes("/operator/sessions")
        renamed = (replace(one, name=one.name.replace("sessions", "operator_sessions")) for one in operators)
        return (*self._routes("/people/{id}/sessions"), *renamed)

    def _routes(self, path: str) -> Sequence[Route]:
        listed: dict[str, Any] = {"takes": SessionsAsked, "gives": SessionsShown, "scope": READ}
        ended: dict[str, Any] = {"takes": SessionsEnd, "gives": SessionsEnded, "scope": WRITE, "may_be_bare": True}
        return (
            route("GET", path, self.list_sessions, **listed),
            route("POST", f"{path}/end", self.end_sessions, also=(404,), **ended),
        )

    async def list_sessions(self, asked: Asked, query: SessionsAsked) -> Answer:
        """List where somebody is signed in, newest first."""
        whose, after = await self._whose(asked), _place(query.after)
        found = await self._gateway.sessions.list(whose, limit=query.limit + 1, after=after)
        page = found[: query.limit]
        following = cursor(_LIST, _named(page[-1])) if len(found) > len(page) else None
        return Answer(SessionsShown(tuple(map(shown, page)), following))

    async def end_sessions(self, asked: Asked, wish: SessionsEnd) -> Answer:
        """Sign somebody out everywhere, or end one session, at once."""
        whose, sessions = await self._whose(asked), self._gateway.sessions
        if wish.session is None:
            return Answer(SessionsEnded(await sessions.end_all(whose, by=asked.actor)))
        if not await sessions.end_one(whose, wish.session, by=asked.actor):
            raise NotFound("there is no such session")
        return Answer(SessionsEnded(1))

    async def _whose(self, asked: Asked) -> str:
        """Give whose sessions they are; raises `NotFound`, and `Denied` for a caller with a team."""
        whose = (await see_person(self._gateway, asked)).id if asked.named else _OPERATOR
        if asked.caller.team:
            raise Denied("sessions belong to the whole bridge; ask somebody who administers that", code="out_of_reach")
        return whose


def _named(last: Session) -> str:
    """Give what the cursor behind a session holds."""
    return f"{micros(last.made_at)}-{last.id}"


def _place(after: str) -> tuple[datetime, str] | None:
    """Read a cursor; raises `FieldsRefused`."""
    last = read_cursor(_LIST, after)
    if last is None:
        return None
    found = _NAMED.fullmatch(last)
    if found is None:
        raise refused("after", "it is no cursor of this list; take the `next` of a page")
    return moment(int(found[1])), found[2]


def shown(session: Session) -> SessionShown:
    """Give a session as it is shown."""
    return SessionShown(
        id=session.id,
        via=session.via,
        address=session.client,
        agent=session.agent,
        created_at=session.made_at,
        last_seen_at=session.seen_at,
        ends_at=session.ends_at,
        confirmed_at=session.confirmed_at,
    )
