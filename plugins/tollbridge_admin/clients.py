"""OAuth clients and service accounts: listed, made, changed, rotated, switched and ended."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from tollbridge import BadRequest, Denied, Gateway, NotFound
from tollbridge.administering import Client, ClientChange
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.clientreach import ClientReach
from tollbridge_admin.clientshapes import (
    ClientPatch,
    ClientsAsked,
    ClientShown,
    ClientsShown,
    IssuedClientShown,
    NewClientWish,
    issued,
    shown,
)
from tollbridge_admin.clientwishes import change_to, needs_trust, new_client, new_rules, touches_rights
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.reach import Reach
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokenshapes import PASSING, Rotation

READ, WRITE = "admin:clients:read", "admin:clients:write"
_LIST = "clients"
_ONE = "/clients/{id}"

T = TypeVar("T")


class Clients:
    """Answers for clients."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reach = Reach(gateway)
        self._clients = ClientReach(gateway)

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"scope": WRITE, "also": (409,)}
        acting: dict[str, Any] = {**write, "may_be_bare": True, "tagged": True}
        one: dict[str, Any] = {"takes": Nothing, "gives": ClientShown}
        new: dict[str, Any] = {"gives": IssuedClientShown}
        return (
            route("GET", "/clients", self.list_clients, takes=ClientsAsked, gives=ClientsShown, scope=READ),
            route("POST", "/clients", self.create_client, takes=NewClientWish, status=201, **new, **write),
            route("GET", _ONE, self.get_client, **one, scope=READ, tagged=True),
            route("PATCH", _ONE, self.change_client, takes=ClientPatch, gives=ClientShown, tagged=True, **write),
            route("POST", f"{_ONE}/rotate-secret", self.rotate_client_secret, takes=Rotation, **new, **acting),
            route("POST", f"{_ONE}/disable", self.disable_client, **one, **acting),
            route("POST", f"{_ONE}/enable", self.enable_client, **one, **acting),
            route("POST", f"{_ONE}/revoke", self.revoke_client, **one, **acting),
        )

    async def list_clients(self, asked: Asked, query: ClientsAsked) -> Answer:
        """List clients, newest first."""
        own = asked.caller.team
        if own and query.team not in ("", own):
            return Answer(ClientsShown((), None))
        before = read_cursor(_LIST, query.after)
        found = await self._gateway.clients.find(
            limit=query.limit + 1, before=before, search=query.q, team=own or query.team
        )
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].id) if len(found) > len(page) else None
        return Answer(ClientsShown(tuple(map(shown, page)), following))

    async def create_client(self, asked: Asked, wish: NewClientWish) -> Answer:
        """Make a client below the caller's token; its secret, if it has one, is in the answer, this once."""
        options, team = new_client(wish), asked.caller.team
        if team and options["team"] not in ("", team):
            raise Denied("a token with a team makes clients of that team alone", code="out_of_reach", param="team")
        _check_trust(asked, trusted=wish.trusted)
        options["team"] = team or options["team"]
        made = await self._gateway.clients.add(new_rules(wish), **options, minter=asked.minter, by=asked.actor)
        return Answer(
            issued(made.client, made.secret), 201, _tag(made.client), {"location": f"clients/{made.client.id}"}
        )

    async def get_client(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one client."""
        return _one(await self._clients.see(asked.caller, asked.id))

    async def change_client(self, asked: Asked, patch: ClientPatch) -> Answer:
        """Change a client, at once: what is not there stays, null takes away (RFC 7396)."""
        id = (await self._touch(asked, widens=touches_rights(patch))).id

        def change(client: Client) -> ClientChange:
            asked.check_match(_tag(client))
            wished = change_to(client, patch)
            _check_trust(asked, trusted=needs_trust(client.rules, patch))
            return wished

        return _one(_there(await self._gateway.clients.change(id, change, editor=asked.minter, by=asked.actor)))

    async def rotate_client_secret(self, asked: Asked, wish: Rotation) -> Answer:
        """Give a client a further secret, in the answer this once; the old one opens for the overlap."""
        client = await self._touch(asked, itself=True, widens=True)
        if not client.has_secret:
            raise BadRequest("this client proves who it is without a secret", code="no_secret", status=409)
        made = _there(await self._gateway.clients.rotate(client.id, timedelta(seconds=wish.overlap_s), by=asked.actor))
        await self._reach.check_within(asked.caller, made.client.token)  # it may have been widened meanwhile
        return Answer(issued(made.client, made.secret), tag=_tag(made.client))

    async def disable_client(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch a client and all of its grants off, at once, until it is enabled."""
        return await self._act(asked, self._gateway.clients.disable)

    async def enable_client(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch a client on again, and what was disabled with it."""
        return await self._act(asked, self._gateway.clients.enable, widens=True)

    async def revoke_client(self, asked: Asked, nothing: Nothing) -> Answer:
        """End a client and all of its grants, at once and for good."""
        return await self._act(asked, self._gateway.clients.revoke, itself=True)

    async def _touch(self, asked: Asked, **reach: bool) -> Client:
        """Find a client that the caller may change, as it is known to the caller; raises as `Reach.touch` does."""
        client = await self._clients.see(asked.caller, asked.id)
        await self._reach.touch(asked.caller, asked.id, **reach)
        asked.check_match(_tag(client))
        return client

    async def _act(self, asked: Asked, act: Callable[..., Awaitable[Client | None]], **reach: bool) -> Answer:
        client = await self._touch(asked, **reach)
        return _one(_there(await act(client.id, by=asked.actor)))


def _check_trust(asked: Asked, *, trusted: bool) -> None:
    """Refuse who has a team to spare people the question: they are not all of that team."""
    if trusted and asked.caller.team:
        raise Denied(
            "only a caller without a team trusts a client; with trusted false, people are asked about it",
            code="out_of_reach",
            param="trusted",
        )


def _tag(client: Client) -> str:
    return tag_of(shown(client), *PASSING)


def _one(client: Client) -> Answer:
    return Answer(shown(client), tag=_tag(client))


def _there(found: T | None) -> T:
    if found is None:
        raise NotFound("there is no such client")
    return found
