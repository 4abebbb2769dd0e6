"""Starting before the host and stopping after it, whatever the host makes of its lifespan."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tollbridge import Gateway, SetupError, Tollbridge

CONFIG = {"service": {"name": "shop", "public": ["*"]}, "logging": {"access": False}}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the state of every gateway of a test in one folder."""
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


class Hosting:
    """A host that notes the steps of its lifespan, and fails where it is told to."""

    def __init__(self, fails: str = "") -> None:
        self.steps: list[str] = []
        self._fails = fails

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[dict[str, str]]:
        if self._fails == "startup":
            raise RuntimeError("no database")
        self.steps.append("up")
        yield {"from": "lifespan"}
        self.steps.append("down")
        if self._fails == "shutdown":
            raise RuntimeError("no goodbye")


async def state(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.state["from"])


def test_lifespan_of_the_host_runs_inside_ours_and_its_state_arrives() -> None:
    host = Hosting()
    app = Starlette(routes=[Route("/state", state)], lifespan=host.lifespan)
    gateway = Gateway(CONFIG, app=app)
    bridge = Tollbridge(app, gateway=gateway)

    with TestClient(bridge) as client:
        assert (host.steps, gateway.started) == (["up"], True)
        assert client.get("/state").text == "lifespan"

    assert (host.steps, gateway.started) == (["up", "down"], False)


@pytest.mark.parametrize("fails", ["startup", "shutdown"])
def test_host_whose_lifespan_fails_fails_as_without_us_and_we_are_stopped(fails) -> None:
    app = Starlette(lifespan=Hosting(fails).lifespan)
    gateway = Gateway(CONFIG, app=app)

    with pytest.raises(RuntimeError, match=r"no (database|goodbye)"), TestClient(Tollbridge(app, gateway=gateway)):
        assert gateway.started

    assert not gateway.started


async def drive(bridge: ASGIApp) -> list[str]:
    """Take an app through its lifespan as a server does; gives what it said."""
    said: list[str] = []
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        said.append(message["type"].removeprefix("lifespan."))

    await bridge({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    assert said[:1] != ["startup.complete"] or messages == []
    return said


async def without(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("only http here")


async def without_after_hearing(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    raise AssertionError("only http here")


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    return


async def up_only(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})


async def deaf_at_the_end(scope: Scope, receive: Receive, send: Send) -> None:
    await up_only(scope, receive, send)
    await receive()


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no"})


async def failing_at_the_end(scope: Scope, receive: Receive, send: Send) -> None:
    await deaf_at_the_end(scope, receive, send)
    await send({"type": "lifespan.shutdown.failed", "message": "no"})


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (None, ["startup.complete", "shutdown.complete"]),
        (without, ["startup.complete", "shutdown.complete"]),
        (without_after_hearing, ["startup.complete", "shutdown.complete"]),
        (silent, ["startup.complete", "shutdown.complete"]),
        (up_only, ["startup.complete", "shutdown.complete"]),
        (deaf_at_the_end, ["startup.complete", "shutdown.complete"]),
        (failing, ["startup.failed"]),
        (failing_at_the_end, ["startup.complete", "shutdown.failed"]),
    ],
)
async def test_lifespan_is_answered_once_whatever_the_host_makes_of_it(host, said) -> None:
    gateway = Gateway(CONFIG, app=host)

    assert await drive(Tollbridge(host, gateway=gateway)) == said
    assert not gateway.started


async def test_nothing_is_open_any_more_when_a_server_hears_that_the_host_did_not_start() -> None:
    gateway = Gateway(CONFIG, app=failing)
    started = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        started.append((message["type"], gateway.started))

    await Tollbridge(failing, gateway=gateway)({"type": "lifespan"}, receive, send)

    assert started == [("lifespan.startup.failed", False)]


async def test_host_that_breaks_after_its_start_is_not_hidden() -> None:
    async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
        await up_only(scope, receive, send)
        raise RuntimeError("broke while serving")

    gateway = Gateway(CONFIG, app=breaking)

    with pytest.raises(RuntimeError, match="broke while serving"):
        await drive(Tollbridge(breaking, gateway=gateway))

    assert not gateway.started


async def test_server_that_gives_up_on_a_hanging_host_leaves_nothing_open() -> None:
    hangs = asyncio.Event()

    async def hanging(scope: Scope, receive: Receive, send: Send) -> None:
        hangs.set()
        await asyncio.Event().wait()

    gateway = Gateway(CONFIG, app=hanging)
    running = asyncio.ensure_future(drive(Tollbridge(hanging, gateway=gateway)))
    await hangs.wait()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert not gateway.started


async def test_start_that_fails_is_told_to_the_server_in_one_sentence(data) -> None:
    data.mkdir()
    (data / "pepper").write_text("short")
    gateway = Gateway(CONFIG)

    said = list[Message]()

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        said.append(message)

    with pytest.raises(SetupError, match="pepper"):
        await Tollbridge(gateway=gateway)({"type": "lifespan"}, receive, send)
    assert said == [{"type": "lifespan.startup.failed", "message": str(gateway.failure)}]


def test_client_for_tests_hears_of_a_start_that_fails(data: Path) -> None:
    data.mkdir()
    (data / "pepper").write_text("short")

    with pytest.raises(SetupError, match="pepper"), TestClient(Tollbridge(gateway=Gateway(CONFIG))):
        raise AssertionError
