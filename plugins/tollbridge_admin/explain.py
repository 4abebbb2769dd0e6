"""Explaining: what would become of a call, and why, without making it.

Any token may ask about itself; with the scope about others too, those of its team where it has one. What stands above
is told without its numbers to whoever may not see it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge import Denied, Gateway, NotFound, Principal, Token
from tollbridge.explaining import Asked as Wanted
from tollbridge.explaining import Explaining, Explanation, Finding, Refusal, Subject, asked_again, asked_of
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.problems import refused
from tollbridge_admin.reach import Reach
from tollbridge_admin.routes import ANY_TOKEN, Route, route
from tollbridge_admin.tokenshapes import Wish

READ = "admin:explain:read"
ME = "me"
PATH = "/api/explain"
"""Where it is besides, under the prefix: the same as `explain` of the API."""

_HeaderName = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$", examples=["accept"])]
_HeaderValue = Annotated[str, Meta(max_length=8192, pattern=r"^[\t -~]*$", examples=["text/plain"])]


class ExplainWish(Wish, frozen=True):
    """What is to be explained: of whom, and a request, a model, or a call that was made.

    `secret` stands for `token` where only that is known; it is kept nowhere.
    """

    token: Annotated[str, Meta(max_length=100, description="The id of a token, or me, which it is by itself.")] | (
        UnsetType
    ) = UNSET
    secret: Annotated[str, Meta(max_length=4096)] = ""
    call: Annotated[str, Meta(max_length=100, description="The id of a call that was made.")] = ""
    model: Annotated[str, Meta(max_length=256, description="A model, for a chat call of one short message.")] = ""
    method: Annotated[str, Meta(pattern="^[A-Z]{1,20}$", description="WS for a WebSocket.", examples=["POST"])] = "POST"
    path: Annotated[str, Meta(max_length=4096, description="With its query.")] = ""
    headers: dict[_HeaderName, _HeaderValue] = msgspec.field(default_factory=dict)
    body: Annotated[str, Meta(max_length=60_000)] = ""
    client: Annotated[str, Meta(max_length=100, description="The address it comes from.")] = msgspec.field(
        default="", name="from"
    )


class RecordedShown(msgspec.Struct, frozen=True):
    """How a call ended that was made."""

    id: str
    at: datetime
    outcome: str
    status: int
    error: str | None


class ExplanationShown(msgspec.Struct, frozen=True):
    """What would become of the call: `crosses`, as far as all were asked but those in `unsure`.

    `layers` are in the order of the chain; `refusal` is the first.
    """

    crosses: bool
    token: str | None
    method: str
    path: str
    at: datetime
    refusal: Refusal | None
    unsure: Sequence[str]
    notes: Sequence[str]
    recorded: RecordedShown | None
    layers: Sequence[Finding]


class Explain:
    """Answers about calls that nobody made."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._explaining = Explaining(gateway)
        self._reach = Reach(gateway)

    def routes(self, path: str = "/explain") -> Sequence[Route]:
        """Say what can be asked."""
        return (
            route(
                "POST",
                path,
                self.explain,
                takes=ExplainWish,
                gives=ExplanationShown,
                scope=ANY_TOKEN,
                looks=True,
                also=(404,),
            ),
        )

    async def explain(self, asked: Asked, wish: ExplainWish) -> Answer:
        """Say what would become of a call and why, layer by layer, without making it."""
        recorded = None
        client = wish.client or asked.call.client
        if wish.call:
            recorded, subject, wanted = await self._made(asked, wish, client)
        else:
            subject, wanted = await self._subject(asked, wish), _wanted(wish, client)
        sees = None if _sees_all(asked) else _Sees(asked.caller)
        told = await self._explaining.explain(subject, wanted, sees=sees)
        return Answer(_shown(told, subject, wanted, recorded))

    async def _subject(self, asked: Asked, wish: ExplainWish) -> Subject:
        """Find whom it is about; raises `Denied` where the asker may ask about itself alone, and `NotFound`."""
        caller = asked.caller
        token = ME if wish.token is UNSET else wish.token
        if not wish.secret and token in (ME, caller.id):
            if asked.operator:
                raise refused("token", "name a token: who runs commands on the machine has none")
            return Subject(caller.id, caller)
        _check_may(caller)
        if not wish.secret:
            return await self._explaining.known((await self._reach.see(caller, token)).id)
        subject = await self._explaining.shown(wish.secret)
        other = subject.principal is not None and caller.team and subject.principal.team != caller.team
        return Subject() if other else subject

    async def _made(self, asked: Asked, wish: ExplainWish, client: str) -> tuple[RecordedShown, Subject, Wanted]:
        """Find a call that was made, and ask the same again; raises `NotFound`, also for one of another team.

        Raises `FieldsRefused` where it is not a call of whom the wish names, or of nobody who has a token here.
        """
        row, caller = await self._gateway.store.find_call(wish.call), asked.caller
        if row is None or (caller.team and row.team != caller.team):
            raise NotFound("no call of that id is recorded; one that was refused before anybody knew who called is not")
        if row.token_id != caller.id:
            _check_may(caller)
        if not row.token_id:
            raise refused("call", "it was made without a token, so that there is nobody to ask about")
        if await self._gateway.store.get_token(row.token_id) is None:
            raise refused("call", "it was made by a caller of another issuer, who cannot be asked about")
        if wish.secret or wish.token is not UNSET:
            await self._check_maker(asked, wish, row.token_id)
        wanted = asked_again(row, client=client)
        if wanted is None:
            raise refused("call", "too little of it is recorded to ask it again; give the request itself")
        recorded = RecordedShown(row.call_id, row.at, row.outcome, row.status, row.error or None)
        return recorded, await self._explaining.known(row.token_id), wanted

    async def _check_maker(self, asked: Asked, wish: ExplainWish, maker: str) -> None:
        if wish.secret:
            named = (await self._explaining.shown(wish.secret)).id
        else:
            named = asked.caller.id if wish.token == ME else str(wish.token)
        if named != maker:
            raise refused("token", f"the call was made by {maker}, and not by this token")


def _check_may(caller: Principal) -> None:
    if READ not in caller.scopes:
        raise Denied(f"this token lacks the scope {READ!r}; without it, ask about {ME!r}", code="insufficient_scope")


def _wanted(wish: ExplainWish, client: str) -> Wanted:
    """Give the request; raises `FieldsRefused` where there is none, or two."""
    if bool(wish.model) == bool(wish.path):
        raise refused("path", "name a path or a model, and not both")
    if wish.model:
        return asked_of(wish.model, headers=wish.headers, client=client)
    return Wanted(
        method=wish.method,
        path=wish.path,
        headers=wish.headers,
        body=wish.body.encode("utf-8", "replace"),
        client=client,
    )


def _sees_all(asked: Asked) -> bool:
    return asked.operator or (not asked.caller.team and READ in asked.caller.scopes)


class _Sees:
    """Says of a token whether a caller may see its numbers: its own, and with the scope those of its team."""

    def __init__(self, caller: Principal) -> None:
        self._id = caller.id
        self._team = caller.team if READ in caller.scopes else ""

    def __call__(self, token: Token) -> bool:
        return token.id == self._id or bool(self._team and token.team == self._team)


def _shown(told: Explanation, subject: Subject, wanted: Wanted, recorded: RecordedShown | None) -> ExplanationShown:
    return ExplanationShown(
        crosses=told.crosses,
        token=subject.id or None,
        method=wanted.method,
        path=wanted.path.partition("?")[0],
        at=told.at,
        refusal=told.refusal,
        unsure=told.unsure,
        notes=told.notes,
        recorded=recorded,
        layers=told.findings,
    )
