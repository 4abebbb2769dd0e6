"""What a kind may ask of the core: to be read in a thread, escaped slashes, headers of refusals, an audience."""

import asyncio
import threading
from typing import Any

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs
from tests.middleware.services.conftest import Publish
from tests.support.answering import Answering, AnsweringService, Answers

from tollbridge.gateway import Gateway
from tollbridge.jose.compact import decode_base64url
from tollbridge.services.book import Live
from tollbridge.services.kinds import Running, ServiceOperation
from tollbridge.services.model import Access, Design
from tollbridge.testing import GatewayUnderTest

PAGE = (b"access-control-allow-origin", b"https://app.example")


class Open(AnsweringService):
    """Takes any path, and says it, with the word on who calls."""

    escaped_slashes = True

    def find(self, method: str, path: str, headers: Any, query: bytes) -> ServiceOperation | None:
        audience = {"/app": None, "/named": "https://named.example"}.get(path, "")
        return ServiceOperation("say", method, path, audience=audience, refused=(PAGE,))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        words = [value.decode() for name, value in scope["headers"] if name == b"x-tollbridge-identity"]
        body = msgspec.json.encode({"path": scope["path"], "words": words})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})


class Opening(Answering):
    """The kind `answering`, of services that are open.  `wait` holds its reading up; `threads` are those that read."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[threading.Thread] = []
        self.wait = threading.Event()
        self.wait.set()

    def read(self, definition: Answers) -> str:
        self.threads.append(threading.current_thread())
        self.wait.wait(30)
        if definition.text == "unreadable":
            raise RuntimeError("it cannot be read")
        return definition.text.upper()

    def serve(self, gateway: Gateway, running: Running) -> AnsweringService:
        self.made.append(running)
        return Open(self, running)


@pytest.fixture
def kind() -> Opening:
    return Opening()


@pytest.fixture
def bridge(gateway: Any, kind: Opening) -> GatewayUnderTest:
    return gateway({"service": {"audience": "shop", "vouch": True}}, plugins=(kind,))


async def live_of(bridge: GatewayUnderTest) -> Live:
    live = (await bridge.gateway.books.current()).entries["weather"].live
    assert live is not None
    return live


# reading


async def test_definition_is_read_once_in_a_thread(bridge: GatewayUnderTest, publish: Publish, kind: Opening) -> None:
    await publish()

    answers = await asyncio.gather(*(bridge.request("POST", "/v1/apis/weather") for _ in range(3)))

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [running.read for running in kind.made] == ["WEATHER 1"]
    assert len(kind.threads) == 1
    assert kind.threads[0] is not threading.current_thread()


async def test_caller_that_leaves_ends_the_making_for_nobody(
    bridge: GatewayUnderTest, publish: Publish, kind: Opening
) -> None:
    await publish()
    live = await live_of(bridge)
    kind.wait.clear()

    impatient, patient = [asyncio.create_task(live.served()) for _ in range(2)]
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait((impatient,))
    kind.wait.set()

    assert await patient is await live.served()
    assert len(kind.made) == 1


async def test_what_cannot_be_read_is_refused_and_tried_again(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(text="unreadable")

    with capture_logs() as logged:
        answers = [await bridge.request("POST", "/v1/apis/weather") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert [line["event"] for line in logged if line["event"] == "service_failed"] == ["service_failed"] * 2
    assert "it cannot be read" not in answers[0].text


async def test_making_that_fails_when_nobody_waits_any_more_is_told_by_nobody_else(
    bridge: GatewayUnderTest, publish: Publish, kind: Opening
) -> None:
    await publish(text="unreadable")
    live = await live_of(bridge)
    kind.wait.clear()

    only = asyncio.create_task(live.served())
    await asyncio.sleep(0)
    only.cancel()
    await asyncio.wait((only,))
    kind.wait.set()
    await live.settled()

    assert kind.made == []


async def test_release_that_is_replaced_while_it_is_made_answers_and_ends(
    bridge: GatewayUnderTest, publish: Publish, kind: Opening
) -> None:
    _, first = await publish()
    live = await live_of(bridge)
    kind.wait.clear()

    waiting = asyncio.create_task(live.served())
    await asyncio.sleep(0)
    await publish(version="2")
    await bridge.gateway.books.current()
    kind.wait.set()

    assert isinstance(await waiting, Open)
    assert kind.closed == [first.id]


async def test_gateway_that_stops_waits_for_what_is_being_made(
    bridge: GatewayUnderTest, publish: Publish, kind: Opening
) -> None:
    _, only = await publish()
    live = await live_of(bridge)
    kind.wait.clear()

    making = asyncio.create_task(live.served())
    await asyncio.sleep(0)
    stopping = asyncio.create_task(bridge.gateway.stop())
    kind.wait.set()
    await asyncio.gather(making, stopping)

    assert kind.closed == [only.id]


async def test_making_that_is_called_off_is_nobodys_error(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    live = await live_of(bridge)

    waiting = asyncio.create_task(live.served())
    await asyncio.sleep(0)
    assert live._making is not None
    live._making.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


# escaped slashes


async def asked(bridge: GatewayUnderTest, path: str) -> httpx2.Response:
    client, token = await bridge.client(), await bridge.token()
    return await client.post(path, headers={"authorization": f"Bearer {token}"})


async def test_escaped_slash_is_told_from_one_of_the_path(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()

    answer = await asked(bridge, "/v1/apis/weather/a%2fb/%C3%A4%20c")

    assert answer.json()["path"] == "/v1/apis/weather/a%2Fb/\u00e4 c"


async def test_kind_that_does_not_know_of_escaped_slashes_gets_none(
    gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Opening()
    monkeypatch.setattr(Open, "escaped_slashes", False)
    bridge = gateway({}, plugins=(kind,))
    await bridge.client()
    services = bridge.gateway.services
    draft = Design(name="W", access=Access.SCOPE, definition={"text": "w"})
    service = await services.add("weather", "answering", draft=draft)
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)

    answer = await asked(bridge, "/v1/apis/weather/a%2Fb")

    assert (answer.status_code, answer.json()["code"]) == (400, "unsafe_request")


async def test_wrapped_app_gets_no_escaped_slash_below_the_path_of_services(gateway: Any) -> None:
    host = Starlette(routes=[Route("/v1/apis/{rest:path}", lambda request: PlainTextResponse("mine"))])
    bridge = gateway({}, app=host, plugins=(Opening(),))

    plain = await bridge.request("GET", "/v1/apis/nothing/a/b")
    escaped = await bridge.request("GET", "/v1/apis/nothing/a%2Fb")

    assert (plain.status_code, plain.text) == (200, "mine")
    assert (escaped.status_code, escaped.json()["code"]) == (400, "unsafe_request")


# refusals


async def test_headers_of_refusals_go_with_whatever_the_chain_refuses(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()

    nobody = await bridge.request("POST", "/v1/apis/weather", token="")
    answer = await bridge.request("POST", "/v1/apis/weather")

    assert nobody.status_code == 401
    assert nobody.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in answer.headers


# the word on who calls


async def word(bridge: GatewayUnderTest, path: str) -> dict[str, Any]:
    (found,) = (await asked(bridge, path)).json()["words"]
    claims: dict[str, Any] = msgspec.json.decode(decode_base64url(found.split(".")[1].encode()))
    return claims


async def test_word_is_for_the_service_unless_its_operation_says_another(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish()

    found = [await word(bridge, f"/v1/apis/weather{path}") for path in ("", "/named", "/app")]

    assert [claims["aud"] for claims in found] == ["weather", "https://named.example", "shop"]
    assert {claims["service"] for claims in found} == {"weather"}


async def test_service_whose_slug_is_the_audience_of_the_wrapped_app_gets_no_word(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish("shop")

    with capture_logs() as logged:
        answer = await asked(bridge, "/v1/apis/shop")
        own = await word(bridge, "/v1/apis/shop/app")

    assert answer.status_code == 503
    assert "is that of the wrapped app" in str(logged)
    assert own["aud"] == "shop"
