"""Which client asks: what proves it and what does not."""

import base64
from collections.abc import Callable, MutableMapping
from datetime import timedelta
from itertools import islice
from typing import Any

from tests.support.naughty import credentials
from tests.support.programs import Program, program
from tests.support.visiting import Visitor

from tollbridge.authorizing import AuthMethod
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.conditions import Conditions
from tollbridge_oauth.assertions import ASSERTION

Makes = Callable[..., GatewayUnderTest]

FORM = {"grant_type": "client_credentials", "scope": "ai:chat"}


def basic(pair: bytes, scheme: bytes = b"Basic") -> bytes:
    return scheme + b" " + base64.b64encode(pair)


async def test_secret_goes_into_the_header_or_the_form_as_the_client_says(visitor: Visitor) -> None:
    by_header, by_form = await program(visitor), await program(visitor, auth_method=AuthMethod.POST)

    def shown(one: Program) -> dict[str, str]:
        return {**FORM, "client_id": one.id, "client_secret": one.secret}

    def header(one: Program) -> list[tuple[bytes, bytes]]:
        return [(b"authorization", basic(f"{one.id}:{one.secret}".encode()))]

    assert (await by_header.post("token", FORM, headers=header(by_header))).status_code == 200
    assert (await by_form.post("token", shown(by_form))).status_code == 200
    assert (await by_header.post("token", shown(by_header))).status_code == 401
    assert (await by_form.post("token", FORM, headers=header(by_form))).status_code == 401
    assert (await by_form.post("token", {**FORM, "client_id": by_form.id})).status_code == 401


async def test_parts_of_the_header_are_form_encoded(notes: Program) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in notes.secret.encode())

    shown = basic(f"{notes.id}:{encoded}".encode(), b"bAsIc")
    reply = await notes.post("token", FORM, headers=[(b"authorization", shown)])

    assert reply.status_code == 200


async def test_whatever_the_header_holds_is_refused_alike(server: Makes) -> None:
    notes = await program(Visitor(server({"throttle": {"enabled": False}})))
    good = f"{notes.id}:{notes.secret}"
    headers: list[bytes] = [
        *(b"", b"Basic", b"Basic ", b"Basic ====", b"Basic \xe9", b"Basic YQ== YQ==", b"Bearer x", b"Digest x"),
        *map(
            basic, (b"\xff\xfe:\xff", b":", b"a", b"a:", b":b", b"%ff:%ff", b"\x00:\x00", b"\xf0\x9f:x", b"x" * 9_000)
        ),
        *map(basic, (notes.id.encode(), f"{notes.id}:".encode(), f"{good}x".encode(), f"x:{notes.secret}".encode())),
        *map(basic, (good[:-1].encode(), f"{notes.id}:{notes.secret.swapcase()}".encode(), f":{good}".encode())),
        basic(good.encode(), b"Bearer"),
        *(basic(f"{notes.id}:".encode() + text) for text in islice(credentials(), 0, 200, 4)),
    ]

    for shown in headers:
        reply = await notes.post("token", FORM, headers=[(b"authorization", shown)])

        assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client"), shown
        assert reply.headers["www-authenticate"] == 'Basic realm="tollbridge"'


async def test_client_shows_who_it_is_in_one_way_and_as_one_client(visitor: Visitor, notes: Program) -> None:
    other = await program(visitor)
    shown = basic(f"{notes.id}:{notes.secret}".encode())
    both = {"client_id": notes.id, "client_secret": notes.secret}
    assertion = {"client_assertion_type": ASSERTION, "client_assertion": "x"}

    async def answers(form: dict[str, str], *, header: bool = True) -> tuple[int, str]:
        headers = [(b"authorization", shown)] if header else []
        reply = await notes.post("token", {**FORM, **form}, headers=headers)
        return reply.status_code, reply.json().get("error", "")

    assert await answers({"client_id": notes.id}) == (200, "")
    assert await answers(both) == (400, "invalid_request")
    assert await answers(assertion) == (400, "invalid_request")
    assert await answers({**both, **assertion}, header=False) == (400, "invalid_request")
    assert await answers({"client_id": other.id}) == (401, "invalid_client")
    assert await answers({}, header=False) == (401, "invalid_client")


async def test_client_that_is_off_or_has_ended_is_like_one_that_is_not_there(notes: Program) -> None:
    clients = notes.visitor.under.gateway.clients
    assert (await notes.own()).status_code == 200

    await clients.disable(notes.id)
    off = await notes.own()
    await clients.enable(notes.id)
    on = await notes.own()
    await clients.revoke(notes.id)
    ended = await notes.own()
    unknown = await Program(notes.visitor, "client_0", notes.secret).own()

    assert on.status_code == 200
    assert off.status_code == ended.status_code == unknown.status_code == 401
    assert off.content == ended.content == unknown.content


async def test_both_secrets_prove_it_while_they_overlap(notes: Program) -> None:
    clients, clock = notes.visitor.under.gateway.clients, notes.visitor.under.clock
    made = await clients.rotate(notes.id, timedelta(hours=1))
    assert made is not None
    newer = Program(notes.visitor, notes.id, made.secret)

    assert [(await one.own()).status_code for one in (notes, newer)] == [200, 200]
    clock.advance(3_600)
    assert [(await one.own()).status_code for one in (notes, newer)] == [401, 200]


async def test_secret_of_a_client_opens_nothing_by_itself_and_a_tokens_proves_no_client(
    visitor: Visitor, notes: Program
) -> None:
    token = await visitor.under.token()

    assert await notes.opens(notes.secret) == 401
    assert (await Program(visitor, notes.id, token).own()).status_code == 401


async def test_client_is_known_from_where_and_when_its_conditions_say(visitor: Visitor) -> None:
    elsewhere = await program(visitor, conditions=Conditions(("192.0.2.0/24",)))
    here = await program(visitor, conditions=Conditions(("127.0.0.0/8",)))

    replies = [await one.own() for one in (elsewhere, here)]

    assert [reply.status_code for reply in replies] == [400, 200]
    assert replies[0].json()["error"] == "unauthorized_client"


async def test_whoever_guesses_has_to_wait(server: Makes) -> None:
    notes = await program(Visitor(server({"throttle": {"bad_sign_ins": 3, "spared": []}})))
    for _ in range(3):
        assert (await notes.ask("token", secret="guess", **FORM)).status_code == 401

    reply = await notes.ask("token", secret="guess", **FORM)

    assert (reply.status_code, reply.json()["error"]) == (429, "too_many_bad_credentials")
    assert int(reply.headers["retry-after"]) > 0
    assert (await notes.own()).status_code == 200  # nobody is locked out by who guesses from the same address


async def test_parameters_stand_there_once_and_in_the_body(notes: Program) -> None:
    shown = [(b"authorization", basic(f"{notes.id}:{notes.secret}".encode()))]
    kind = (b"content-type", b"application/x-www-form-urlencoded")
    good = b"grant_type=client_credentials&scope=ai:chat"

    async def answers(body: bytes, kind: tuple[bytes, bytes] = kind, query: str = "") -> tuple[int, str]:
        client = await notes.visitor.under.client()
        url = f"/_tollbridge/oauth/token{query}"
        reply = await client.post(url, content=body, headers=[*shown, kind])
        return reply.status_code, reply.json().get("error", "")

    wrong = (400, "invalid_request")
    assert await answers(good) == (200, "")
    assert await answers(good, (b"content-type", b"Application/X-WWW-Form-Urlencoded; charset=UTF-8")) == (200, "")
    assert await answers(good + b"&scope=model:*") == wrong
    assert await answers(good + b"&scope=") == wrong
    assert await answers(good + b"&x=%ff") == wrong
    assert await answers(good + b"&x=\xff") == wrong
    assert await answers(good + b"&x=1" * 50) == wrong
    assert await answers(good + b"&x=" + b"1" * 40_000) == (413, "invalid_request")
    assert await answers(good, query="?scope=ai:chat") == wrong
    for other in (b"application/json", b"multipart/form-data; boundary=x", b"", b"text/plain"):
        assert await answers(good, (b"content-type", other)) == wrong


async def test_body_that_breaks_off_is_refused(notes: Program) -> None:
    app = notes.visitor.under.app
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(dict(message))

    kind = (b"content-type", b"application/x-www-form-urlencoded")
    path = "/_tollbridge/oauth/token"
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "headers": [kind]}
    await app({**scope, "query_string": b"", "http_version": "1.1", "scheme": "http"}, receive, send)

    assert said[0]["status"] == 400
