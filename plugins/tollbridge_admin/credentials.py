"""Keys that callers sign with, below tokens and below clients: listed, added, rotated and removed.

Whoever holds a key may do what its token may, so each is given away as a secret of the token would be.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tollbridge import Gateway, NotFound, Principal, Token
from tollbridge.credentials import Credential, CredentialKind, CredentialWish, IssuedCredential
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.clientreach import ClientReach
from tollbridge_admin.credentialshapes import (
    CredentialRotation,
    CredentialShown,
    CredentialsShown,
    IssuedCredentialShown,
    NewCredentialWish,
    issued,
    shown,
)
from tollbridge_admin.reach import Reach
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.wishes import moment_of

Sees = Callable[[Principal, str], Awaitable[Token]]


class Credentials:
    """Answers for keys of tokens and of clients."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reach = Reach(gateway)
        self._clients = ClientReach(gateway)

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (
            *_Below(self._gateway, self._reach, self._reach.see).routes("tokens", "token"),
            *_Below(self._gateway, self._reach, self._clients.token).routes("clients", "client"),
        )


class _Below:
    """Answers for keys below one kind of holder; `see` finds the token of one that a caller may see."""

    def __init__(self, gateway: Gateway, reach: Reach, see: Sees) -> None:
        self._gateway = gateway
        self._reach = reach
        self._see = see

    def routes(self, kind: str, one: str) -> Sequence[Route]:
        read: Mapping[str, Any] = {"scope": f"admin:{kind}:read"}
        write: Mapping[str, Any] = {"scope": f"admin:{kind}:write", "also": (409,)}
        new: Mapping[str, Any] = {"gives": IssuedCredentialShown}
        bare: Mapping[str, Any] = {"may_be_bare": True, "tagged": True, **write}
        all_of = f"/{kind}/{{id}}/credentials"
        one_of = f"{all_of}/{{credential}}"
        found = (
            route("GET", all_of, self.list_credentials, takes=Nothing, gives=CredentialsShown, **read),
            route("POST", all_of, self.add_credential, takes=NewCredentialWish, status=201, **new, **write),
            route("GET", one_of, self.get_credential, takes=Nothing, gives=CredentialShown, tagged=True, **read),
            route("POST", f"{one_of}/rotate", self.rotate_credential, takes=CredentialRotation, **bare, **new),
            route("POST", f"{one_of}/remove", self.remove_credential, takes=Nothing, gives=CredentialShown, **bare),
        )
        return [replace(each, name=f"{each.name}_of_{one}") for each in found]

    async def list_credentials(self, asked: Asked, nothing: Nothing) -> Answer:
        """List the keys that have not ended, newest first; there are at most two of a kind."""
        token = await self._see(asked.caller, asked.id)
        found = await self._gateway.credentials.of_token(token.id)
        return Answer(CredentialsShown(tuple(map(shown, found))))

    async def add_credential(self, asked: Asked, wish: NewCredentialWish) -> Answer:
        """Add a key to sign with; where it is made here, its secret is in the answer, this once."""
        token = await self._touch(asked)
        made = await self._gateway.credentials.add(token.id, _wished(wish), by=asked.actor)
        return await self._given(asked, token, made, 201)

    async def get_credential(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one key."""
        return _one(shown(await self._found(asked, await self._see(asked.caller, asked.id))))

    async def rotate_credential(self, asked: Asked, wish: CredentialRotation) -> Answer:
        """Add a key in place of one, which goes on signing for the overlap."""
        token = await self._touch(asked)
        before, overlap = await self._matching(asked, token), timedelta(seconds=wish.overlap_s)
        made = await self._gateway.credentials.rotate(
            token.id, before.id, overlap, public_key=wish.public_key, by=asked.actor
        )
        return await self._given(asked, token, made, 200)

    async def remove_credential(self, asked: Asked, nothing: Nothing) -> Answer:
        """Forget a key, at once: nothing it signs is taken any more."""
        await self._see(asked.caller, asked.id)
        token = await self._reach.touch(asked.caller, asked.id, itself=True)
        before = await self._matching(asked, token)
        if not await self._gateway.credentials.remove(token.id, before.id, by=asked.actor):
            raise _none()
        return _one(shown(before))

    async def _touch(self, asked: Asked) -> Token:
        """Find a token whose secrets the caller may give away; raises `NotFound` or `Denied`."""
        await self._see(asked.caller, asked.id)
        return await self._reach.touch(asked.caller, asked.id, itself=True, widens=True)

    async def _found(self, asked: Asked, token: Token) -> Credential:
        found = await self._gateway.credentials.get(token.id, asked.named["credential"])
        if found is None:
            raise _none()
        return found

    async def _matching(self, asked: Asked, token: Token) -> Credential:
        found = await self._found(asked, token)
        asked.check_match(tag_of(shown(found)))
        return found

    async def _given(self, asked: Asked, token: Token, made: IssuedCredential | None, status: int) -> Answer:
        if made is None:
            raise _none()
        after = await self._see(asked.caller, token.id)
        await self._reach.check_within(asked.caller, after)  # it may have been widened meanwhile
        return Answer(issued(made.credential, made.secret), status, tag_of(shown(made.credential)))


def _wished(wish: NewCredentialWish) -> CredentialWish:
    return CredentialWish(
        kind=CredentialKind(wish.kind),
        algorithm=wish.algorithm or "",
        public_key=wish.public_key,
        ends_at=moment_of(wish.expires_at),
    )


def _one(one: CredentialShown) -> Answer:
    return Answer(one, tag=tag_of(one))


def _none() -> NotFound:
    return NotFound("there is no such key")
