"""A whole gateway with `[policies.masking]`: what callers get, and what is refused before it costs anything."""

import gzip
import json
from collections.abc import Iterable
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.plugins.masking.conftest import MODEL
from tests.support.sessions import SocketCaller

from tollbridge_masking.counting import masked_total

ROW = {"email": "joe@example.com", "note": "card 4111 1111 1111 1111", "id": 4111111111111111, "ssn": "078-05-1120"}


class App:
    """A service that answers this, in these pieces."""

    def __init__(
        self, *chunks: bytes, kind: str = "application/json", status: int = 200, more: Iterable[Any] = ()
    ) -> None:
        self.chunks = chunks or (json.dumps(ROW).encode(),)
        self.head = {
            "type": "http.response.start",
            "status": status,
            "headers": [*([(b"content-type", kind.encode())] if kind else []), *more],
        }
        self.called = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.called += 1
        await send(self.head)
        for place, chunk in enumerate(self.chunks, 1):
            await send({"type": "http.response.body", "body": chunk, "more_body": place < len(self.chunks)})


def counted(what: str) -> float:
    return float(masked_total().labels(what)._value.get())


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


class TestServices:
    """Answers of the wrapped app."""

    async def test_answer_is_masked_and_as_long_as_it_says(self, bridge) -> None:
        body = json.dumps(ROW).encode()
        gw = bridge(app=App(body, more=[(b"content-length", b"%d" % len(body)), (b"etag", b'"1"')]), fields=["ssn"])

        answer = await gw.request("GET", "/people")

        assert answer.json() == {
            "email": "j***@example.com",
            "note": "card **** **** **** 1111",
            "id": 4111111111111111,
            "ssn": "***",
        }
        assert answer.headers["content-length"] == str(len(answer.content))
        assert "etag" not in answer.headers

    async def test_answer_that_comes_in_pieces_is_masked_in_pieces(self, bridge) -> None:
        body = json.dumps(ROW).encode()
        pieces = [body[place : place + 1] for place in range(len(body))]
        gw = bridge(app=App(*pieces, more=[(b"content-length", b"%d" % len(body))]), level="full", finds=["email"])

        answer = await gw.request("GET", "/people")

        assert answer.json() == {**ROW, "email": "[email]"}
        assert "content-length" not in answer.headers

    async def test_text_is_masked(self, bridge) -> None:
        gw = bridge(app=App(b"write to joe@exa", b"mple.com!", kind="text/plain"))

        assert (await gw.request("GET", "/x")).text == "write to j***@example.com!"

    async def test_image_passes(self, bridge) -> None:
        gw = bridge(app=App(b"\x89PNG joe@example.com", kind="image/png"))

        assert (await gw.request("GET", "/x")).content == b"\x89PNG joe@example.com"

    @pytest.mark.parametrize(
        ("app", "told"),
        [
            (App(b"%PDF", kind="application/pdf"), "application/pdf"),
            (App(b"data: 1\n\n", kind="text/event-stream"), "event stream"),
            (App(b"x", kind=""), "does not say its type"),
            (App(gzip.compress(b"{}"), more=[(b"content-encoding", b"gzip")]), "accept-encoding: identity"),
            (App(b'{"email": "joe@example.com"'), "none that can be read"),
            (App(b"joe@", kind="text/plain", status=206), "without range"),
        ],
    )
    async def test_answer_that_cannot_be_masked_is_not_sent(self, bridge, app: App, told: str) -> None:
        answer = await bridge(app=app).request("GET", "/x")

        assert refusal(answer) == (502, "answer_not_masked")
        assert told in answer.json()["error"]["message"]
        assert answer.headers["x-should-retry"] == "false"
        assert "joe@" not in answer.text

    async def test_answer_that_breaks_off_is_cut(self, bridge) -> None:
        gw = bridge(app=App(b'{"email": "joe@example.com", ', b"x"))
        scope = {
            **{"type": "http", "method": "GET", "path": "/x", "raw_path": b"/x", "query_string": b"", "client": None},
            "headers": [(b"host", b"gateway.test"), (b"authorization", f"Bearer {await gw.token()}".encode())],
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await gw.app(scope, receive, send)

        assert [message.get("body") for message in sent] == [None, b'{"email": "j***@example.com", ']
        assert sent[-1]["more_body"] is True

    @pytest.mark.parametrize(
        ("method", "app"),
        [
            ("HEAD", App(b"", more=[(b"content-length", b"999")])),
            ("GET", App(b"", status=204, kind="")),
            ("GET", App(b"", status=304, kind="")),
            ("GET", App(b"", status=302, kind="", more=[(b"location", b"/y"), (b"content-length", b"0")])),
            ("POST", App(b"", status=201, kind="")),
        ],
    )
    async def test_answer_without_a_body_passes(self, bridge, method: str, app: App) -> None:
        answer = await bridge(app=app).request(method, "/x")

        assert answer.status_code == app.head["status"]
        assert answer.content == b""
        assert answer.headers.get("content-length", "0") == "0"

    async def test_refusals_of_the_gateway_are_as_they_were(self, bridge) -> None:
        app = App()

        answer = await bridge(app=app).request("GET", "/x", token="")

        assert refusal(answer) == (401, "invalid_api_key")
        assert app.called == 0

    async def test_socket_is_refused(self, bridge) -> None:
        app = App()
        gw = bridge(app=app)
        token = await gw.token()
        socket = SocketCaller(gw.app, "/live", token)

        await socket.start()

        assert (socket.sent[0]["type"], socket.sent[0]["status"]) == ("websocket.http.response.start", 403)
        assert b"answer_not_masked" in socket.sent[1]["body"]
        assert app.called == 0

    async def test_what_is_masked_is_counted_and_told_nowhere_else(self, bridge) -> None:
        before = counted("email"), counted("field")
        gw = bridge(app=App(), fields=["ssn"])

        with capture_logs() as lines:
            for _ in range(2):
                await gw.request("GET", "/x")

        assert (counted("email"), counted("field")) == (before[0] + 2, before[1] + 2)
        assert lines
        assert "joe@" not in repr(lines)
        shown = gw.gateway.metrics.render("")[0].decode()
        assert f'tollbridge_masked_total{{what="email"}} {counted("email")}' in shown
        assert "joe@" not in shown
        assert "tollbridge_masked_created" not in shown


class TestModels:
    """Answers of models."""

    async def test_answer_is_masked_and_charged_as_ever(self, bridge) -> None:
        gw = bridge()
        said = {"role": "assistant", "content": "Call +49 170 1234512, or write to joe@example.com."}
        usage = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
        choices = [{"index": 0, "message": said, "finish_reason": "stop"}]
        answered = {"id": "chatcmpl-1", "created": 1767614400, "model": "m", "choices": choices, "usage": usage}
        gw.upstream.reply(answered)
        gw.upstream.reply({**answered, "choices": []})

        with capture_logs() as lines:
            answer = await gw.chat(MODEL)
            await gw.chat(MODEL)

        told = answer.json()
        assert told["choices"][0]["message"]["content"] == "Call +49 *** *****12, or write to j***@example.com."
        told["choices"][0]["message"]["content"] = said["content"]
        assert told == {**answered, "model": told["model"]}
        costs = [line["cost_usd"] for line in lines if line["event"] == "request_served"]
        assert costs == ["0.00045"] * 2  # 1000 x 0.15 + 500 x 0.60, per million

    async def test_translated_answer_is_masked(self, bridge) -> None:
        gw = bridge()
        said = {"role": "assistant", "content": "joe@example.com"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choices = [{"index": 0, "message": said, "finish_reason": "stop"}]
        gw.upstream.reply({"id": "chatcmpl-1", "model": "m", "choices": choices, "usage": usage})
        asked = {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}

        answer = await gw.request("POST", "/v1/messages", json=asked)

        assert answer.json()["content"] == [{"type": "text", "text": "j***@example.com"}]

    async def test_stream_is_refused_before_it_costs_anything(self, bridge) -> None:
        gw = bridge()

        answer = await gw.chat(MODEL, stream=True)

        assert refusal(answer) == (400, "invalid_request")
        assert answer.json()["error"]["param"] == "stream"
        assert gw.sent == []

    async def test_refusal_of_a_provider_is_masked_and_passes(self, bridge) -> None:
        gw = bridge()
        gw.upstream.reply(
            {"error": {"message": "joe@example.com is over its limit", "type": "x", "code": "x"}}, status=400
        )

        answer = await gw.chat(MODEL)

        assert answer.status_code == 400
        assert "j***@example.com is over its limit" in answer.text

    async def test_answer_of_a_provider_that_is_none_is_refused(self, bridge) -> None:
        gw = bridge()
        gw.upstream.reply(b"<html>joe@example.com</html>", headers=[("content-type", "application/octet-stream")])

        answer = await gw.chat(MODEL)

        assert refusal(answer) == (502, "answer_not_masked")
        assert "joe@" not in answer.text

    async def test_models_are_listed(self, bridge) -> None:
        assert (await bridge().request("GET", "/v1/models")).status_code == 200


async def test_gateway_that_starts_again_shows_its_metric_once(gateway: Any) -> None:
    gw = gateway({})
    await gw.client()
    await gw.gateway.stop()
    await gw.gateway.start()

    shown = gw.gateway.metrics.render("")[0].decode()

    assert shown.count("# TYPE tollbridge_masked_total") == 1
