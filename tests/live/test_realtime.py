"""A session over real sockets: a client, the gateway as a program, and a provider."""

import json
import threading
from collections.abc import Iterator, Sequence

import pytest
from tests.live.looking import eventually
from tests.support.live import LiveGateway, mock_config
from tests.support.sessions import begun, response
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

OFFERED: list[list[Subprotocol]] = []
"""The subprotocols that the provider was offered, session by session."""
SAID = [b"\x00\xff", "h\u00e9llo", "x" * 2_000_000]


def play(connection: ServerConnection) -> None:
    """Say everything back; answer when asked to, leave when told to."""
    for message in connection:
        if message == "answer":
            connection.send(begun(1))
            connection.send(response(1, tokens=(1_000, 500)))
        elif message == "leave":
            connection.close(4001, "session_expired")
        else:
            connection.send(message)


def pick(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Take up the first subprotocol, and leave to whoever asks next what all were."""
    OFFERED.append(list(offered))
    return offered[0] if offered else None


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveGateway, str]]:
    with serve(play, "127.0.0.1", 0, max_size=None, select_subprotocol=pick) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        config = mock_config(f"http://127.0.0.1:{server.socket.getsockname()[1]}")
        with LiveGateway(tmp_path_factory.mktemp("realtime"), config) as gateway:
            yield gateway, gateway.token()["token"]
        server.shutdown()
        thread.join()


def session(gateway: LiveGateway, token: str, model: str = "gpt-4o-mini"):
    url = f"ws://127.0.0.1:{gateway.port}/v1/realtime?model={model}"
    return connect(url, additional_headers={"authorization": f"Bearer {token}"}, max_size=None)


def test_messages_pass_both_ways_and_answers_are_paid_for(live) -> None:
    gateway, token = live
    with session(gateway, token) as connection:
        for message in SAID:
            connection.send(message)
        echoed = [connection.recv() for _ in SAID]
        connection.send("answer")
        told = [json.loads(connection.recv())["type"] for _ in range(2)]
        call_id = connection.response.headers["x-request-id"]

    assert echoed == SAID
    assert told == ["response.created", "response.done"]
    eventually(lambda: any(call_id in line and "request_served" in line for line in gateway.output), "the call's line")
    (line,) = [json.loads(line) for line in gateway.output if call_id in line]
    # 1000 in x 0.15 + 500 out x 0.60, per million tokens
    assert (line["operation"], line["status"], line["outcome"], line["cost_usd"]) == (
        "ai:realtime",
        101,
        "complete",
        "0.00045",
    )


def test_browser_shows_its_token_among_the_subprotocols(live) -> None:
    gateway, token = live
    url = f"ws://127.0.0.1:{gateway.port}/v1/realtime?model=gpt-4o-mini"
    offered = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{token}")]

    with connect(url, subprotocols=offered) as connection:
        connection.send("hello")
        echoed = connection.recv()
        call_id = connection.response.headers["x-request-id"]

    assert (connection.subprotocol, echoed) == ("realtime", "hello")
    assert OFFERED[-1] == ["realtime"]
    eventually(lambda: any(call_id in line and "request_served" in line for line in gateway.output), "the call's line")
    assert token not in gateway.text


def test_browser_with_another_token_is_refused_and_told_nothing_of_it(live) -> None:
    gateway, _ = live
    url = f"ws://127.0.0.1:{gateway.port}/v1/realtime?model=gpt-4o-mini"

    with pytest.raises(InvalidStatus) as caught:
        connect(url, subprotocols=[Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.tb_wrong")])

    assert caught.value.response.status_code == 401
    assert b"tb_wrong" not in caught.value.response.body
    assert "tb_wrong" not in gateway.text


def test_close_of_the_provider_reaches_the_client(live) -> None:
    with session(*live) as connection:
        connection.send("leave")
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv()

    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4001, "session_expired")


@pytest.mark.parametrize(
    ("token", "model", "status"), [("tb_x", "gpt-4o-mini", 401), ("", "nobody", 404), ("", "", 400)]
)
def test_session_that_cannot_be_is_refused_with_a_status(live, token, model, status) -> None:
    gateway, good = live

    with pytest.raises(InvalidStatus) as caught:
        session(gateway, token or good, model)

    assert caught.value.response.status_code == status
    assert "error" in json.loads(caught.value.response.body)
