"""Sources that name a token of ours, that are shown a credential beside another, or that wait for the body."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar

import pytest

from tollbridge.call import Call
from tollbridge.errors import Unauthenticated
from tollbridge.hookspecs import hookimpl
from tollbridge.identity import Holder
from tollbridge.layers.authenticate import Authenticate
from tollbridge.tokens.conditions import parse_conditions
from tollbridge.tokens.model import Principal, Shown, TokenLimits

BODY = b'{"model": "small", "messages": []}'
GONE = "the one who held this card is gone"
WORN = "this card was shown before"


@dataclass(frozen=True, slots=True)
class Card:
    """Knows tokens by their ids, until `ends_s`; a card with a digest holds for a body of that digest alone.

    One that is `worn` is confirmed; `out` it is refused, and `through` it breaks.
    """

    headers: ClassVar[tuple[bytes, ...]] = (b"x-card", b"x-digest")

    ends_s: float = 0.0
    worn: str = ""
    seen: ClassVar[list[Call]] = []

    def shows(self, call: Call) -> bool:
        return call.header(b"x-card") is not None

    async def identify(self, call: Call) -> Holder | None:
        card, digest = call.header(b"x-card"), call.header(b"x-digest")
        if card is None:
            return None
        if digest is not None:
            call.body_check = lambda body: check(body, digest.decode())
        refusal = Unauthenticated(GONE) if self.ends_s else None

        async def confirm() -> None:
            self.seen.append(call)
            if self.worn == "out":
                raise Unauthenticated(WORN)
            if self.worn == "through":
                raise ValueError(WORN)

        return Holder(card.decode(), self.ends_s or None, refusal, key="key_1", confirm=confirm if self.worn else None)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Knows nobody, and says what it was shown."""

    headers: ClassVar[tuple[bytes, ...]] = (b"x-stamp",)

    def shows(self, call: Call) -> bool:
        return call.header(b"x-stamp") is not None

    async def identify(self, call: Call) -> Principal | None:
        return None


def check(body: bytes, digest: str) -> None:
    if sha256(body).hexdigest() != digest:
        raise Unauthenticated("this card is for another body")


class Desk:
    @hookimpl
    def register_identity_sources(self, register: Callable[[str, type], None]) -> None:
        register("card", Card)
        register("stamp", Stamp)


class Service:
    """A wrapped app that keeps the bodies it gets."""

    def __init__(self) -> None:
        self.bodies: list[list[bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
            return
        pieces, more = [], True
        while more:
            message = await receive()
            pieces.append(message.get("body", b""))
            more = message.get("more_body", False)
        self.bodies.append(pieces)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(scope["headers"]).encode()})


@pytest.fixture
def desk(mock: Any) -> Callable[..., Any]:
    """Give `desk(...)`: a gateway with both sources, and a wrapped app."""
    return lambda **sections: mock(
        app=Service(), plugins=(Desk(),), **{"identity": {"card": {}, "stamp": {}}, **sections}
    )


async def held(gw: Any, **options: Any) -> str:
    await gw.client()
    options = {"name": "held", "scopes": ("ai:*", "model:*", "service:*"), **options}
    return (await gw.gateway.tokens.issue(**options)).token.id


async def chat(gw: Any, card: str = "", **headers: str) -> Any:
    shown = {"x-card": card} if card else {}
    path = "/v1/chat/completions"
    return await gw.request("POST", path, token="", headers={**shown, **headers}, content=BODY)


async def test_token_that_a_source_names_is_itself_in_ledger_limits_and_budgets(desk) -> None:
    gw = desk()
    id = await held(gw, limits=TokenLimits(requests_per_minute=2), team="north")
    made = await gw.gateway.tokens.rotate(id)

    replies = [await chat(gw, id), await gw.chat("small", token=made.secret), await chat(gw, id)]

    assert [reply.status_code for reply in replies] == [200, 200, 429]
    rows = await gw.gateway.store.recent(limit=9)
    assert {(row.token_id, row.team) for row in rows} == {(id, "north")}


async def test_token_that_is_switched_off_or_revoked_is_refused_from_the_next_request_on(desk) -> None:
    gw = desk()
    id = await held(gw)
    statuses = [(await chat(gw, id)).status_code]

    for change in (gw.gateway.tokens.disable, gw.gateway.tokens.enable, gw.gateway.tokens.revoke):
        await change(id)
        statuses.append((await chat(gw, id)).status_code)

    assert statuses == [200, 401, 200, 401]
    assert (await chat(gw, "tok_nobody")).status_code == 401


async def test_source_has_its_own_words_for_a_token_that_is_gone(desk) -> None:
    gw = desk(identity={"card": {"ends_s": 2e9}})

    reply = await chat(gw, "tok_nobody")

    assert reply.json()["error"]["message"] == GONE


async def test_conditions_and_canaries_hold_whoever_names_the_token(desk) -> None:
    gw = desk()
    elsewhere = await held(gw, conditions=parse_conditions(["192.0.2.0/24"], ""))
    canary = await held(gw, canary=True)

    assert (await chat(gw, elsewhere)).status_code == 403
    assert (await chat(gw, canary)).status_code == 401


@pytest.mark.parametrize(("worn", "status", "said"), [("out", 401, WORN), ("through", 503, "cannot be found out now")])
async def test_card_is_confirmed_last_and_may_still_be_refused(desk, worn: str, status: int, said: str) -> None:
    gw = desk(identity={"card": {"worn": worn}})

    reply = await chat(gw, await held(gw))

    assert (reply.status_code, gw.sent) == (status, [])
    assert said in reply.json()["error"]["message"]
    assert (WORN in reply.text) is (worn == "out")


async def test_nothing_is_confirmed_of_a_token_that_is_not_live_or_is_a_canary(desk) -> None:
    gw = desk(identity={"card": {"worn": "a little"}})
    id, canary = await held(gw), await held(gw, canary=True)
    await gw.gateway.tokens.disable(id)
    Card.seen.clear()

    replies = [await chat(gw, one) for one in (id, canary, "tok_nobody")]

    assert [reply.status_code for reply in replies] == [401] * 3
    assert Card.seen == []
    await gw.gateway.tokens.enable(id)
    assert (await chat(gw, id)).status_code == 200
    assert [call.principal.shown for call in Card.seen] == [Shown(id, key="key_1")]


async def test_headers_of_a_source_cross_as_they_came_where_it_is_not_shown_what_it_knows(desk) -> None:
    gw = desk()
    lines = {"x-digest": 'a, "b";c', "x-stamp-of": "d", "authorization": f"Bearer {await gw.token()}"}

    reply = await gw.request("GET", "/mine", token="", headers=lines)

    seen = [pair for pair in ast.literal_eval(reply.text) if pair[0].startswith((b"x-", b"auth"))]
    assert seen == [(b"x-digest", b'a, "b";c'), (b"x-stamp-of", b"d")]


async def test_answers_say_when_the_key_that_was_shown_ends(desk) -> None:
    gw = desk()
    id = await held(gw)
    soon = desk(identity={"card": {"ends_s": gw.clock.time() + 86_400}})
    id_there = await held(soon)

    assert "sunset" not in (await chat(gw, id)).headers
    assert (await chat(soon, id_there)).headers["sunset"] == "Tue, 06 Jan 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer SECRET"},
        {"x-api-key": "SECRET"},
        {"x-api-key": "tb_nothing"},
        {"x-stamp": "s"},
    ],
)
async def test_two_credentials_of_different_kinds_are_refused_even_if_one_is_good(desk, headers) -> None:
    gw = desk()
    id, secret = await held(gw), await gw.token()
    shown = {name: value.replace("SECRET", secret) for name, value in headers.items()}

    reply = await chat(gw, id, **shown)

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "ambiguous_credential")
    assert gw.sent == []


async def test_one_credential_is_enough_whichever_it_is(desk) -> None:
    gw = desk()

    assert (await gw.chat("small")).status_code == 200
    assert (await chat(gw, **{"x-stamp": "s"})).status_code == 401
    assert (await chat(gw)).status_code == 401


async def test_body_that_is_not_the_one_vouched_for_reaches_nobody(desk) -> None:
    gw = desk()
    id, right, wrong = await held(gw), sha256(BODY).hexdigest(), sha256(b"").hexdigest()

    replies = [await chat(gw, id, **{"x-digest": digest}) for digest in (right, wrong)]

    assert [reply.status_code for reply in replies] == [200, 401]
    assert len(gw.sent) == 1
    rows = await gw.gateway.store.recent(limit=9)
    assert sorted((row.status, row.cost or 0, row.outcome) for row in rows)[1] == (401, 0, "refused")


async def test_body_for_the_app_is_whole_and_checked_before_the_app_hears_of_it(desk) -> None:
    gw = desk()
    id = await held(gw)
    pieces = [b"\x00[[[[", b"{" * 1000, b"end"]
    right = sha256(b"".join(pieces)).hexdigest()

    async def streamed(digest: str) -> Any:
        async def body() -> Any:
            for piece in pieces:
                yield piece

        return await gw.request("POST", "/mine", token="", headers={"x-card": id, "x-digest": digest}, content=body())

    good, bad = await streamed(right), await streamed(right[::-1])

    assert (good.status_code, bad.status_code) == (200, 401)
    assert gw.gateway.app.bodies == [[b"".join(pieces)]]
    assert b"x-card" not in good.content
    assert b"x-digest" not in good.content


async def test_body_that_nobody_vouches_for_streams_to_the_app_as_before(desk) -> None:
    gw = desk()

    async def body() -> Any:
        for piece in (b"a", b"b"):
            yield piece

    reply = await gw.request("POST", "/mine", token="", headers={"x-card": await held(gw)}, content=body())

    assert reply.status_code == 200
    assert [piece for piece in gw.gateway.app.bodies[0] if piece] == [b"a", b"b"]


async def test_body_that_is_over_the_limit_is_refused_before_it_is_checked(desk) -> None:
    gw = desk(server={"max_body_bytes": 1024})
    headers = {"x-card": await held(gw), "x-digest": sha256(b"x" * 1025).hexdigest()}

    reply = await gw.request("POST", "/mine", token="", headers=headers, content=b"x" * 1025)

    assert reply.status_code == 413
    assert gw.gateway.app.bodies == []


async def test_socket_has_an_empty_body(desk) -> None:
    gw = desk()
    id, sent = await held(gw), []

    async def ask(digest: str) -> None:
        headers = [(b"host", b"gw"), (b"x-card", id.encode()), (b"x-digest", digest.encode())]
        scope = {"type": "websocket", "path": "/mine", "raw_path": b"/mine", "headers": headers, "query_string": b""}

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append((message["type"], message.get("code", 1000)))

        await gw.app({**scope, "subprotocols": [], "http_version": "1.1", "asgi": {"version": "3.0"}}, receive, send)

    for body in (b"", BODY):
        await ask(sha256(body).hexdigest())

    assert sent == [("websocket.close", 1000), ("websocket.close", 1008)]


async def test_layer_that_knows_no_holders_lets_nobody_in() -> None:
    layer = Authenticate(Service(), tokens=Nobody(), sources=[("card", Card())])
    call = Call("req_1", None, 0.0, "http", "GET", "/", [(b"x-card", b"tok_1")])  # type: ignore[arg-type]

    with pytest.raises(Unauthenticated):
        await layer.head(call)  # type: ignore[misc]  # it waits here

    assert call.principal is None


class Nobody:
    async def identify(self, secret: bytes) -> Principal | None:
        return None
