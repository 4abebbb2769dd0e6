"""Every call is named, counted and told of, however it ends."""

import pytest
from starlette.types import Receive, Scope, Send

from tollbridge.call import Call, Outcome
from tollbridge.layers.observe import Observe
from tollbridge.testing import FixedClock


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/broken":
        raise RuntimeError("the app broke")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-request-id", b"the app's")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def ask(layer: Observe, path: str = "/x") -> dict[bytes, bytes]:
    sent = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await layer({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
    return dict(sent[0]["headers"])


async def test_answer_has_the_calls_id_and_observers_see_the_finished_call() -> None:
    seen: list[Call] = []
    steps: list[str] = []
    layer = Observe(
        app,
        observers=(seen.append, lambda call: steps.append(call.path)),
        entered=lambda: steps.append("in"),
        left=lambda: steps.append("out"),
        clock=FixedClock(),
    )

    headers = await ask(layer)

    (call,) = seen
    assert headers[b"x-request-id"] == call.id.encode()
    assert (call.outcome, call.status, call.bytes_out) == (Outcome.COMPLETE, 200, 5)
    assert steps == ["in", "out", "/x"]


async def test_call_whose_app_broke_is_observed_too() -> None:
    seen: list[Call] = []

    with pytest.raises(RuntimeError, match="the app broke"):
        await ask(Observe(app, observers=(seen.append,)), "/broken")

    assert [call.outcome for call in seen] == [Outcome.UPSTREAM_FAILED]


async def test_call_to_a_model_carries_its_id_in_both_vendors_headers(mock) -> None:
    gw = mock()

    reply = await gw.chat("gpt-4o-mini")

    assert reply.headers["request-id"] == reply.headers["x-request-id"]
    assert reply.headers["x-request-id"].startswith("req_")


async def test_refused_call_is_counted_and_named(mock) -> None:
    gw = mock()

    reply = await gw.chat("gpt-4o-mini", token="")

    metrics = (await gw.request("GET", "/metrics", token="")).text
    assert reply.headers["x-request-id"].startswith("req_")
    assert 'tollbridge_refused_total{code="invalid_api_key"} 1.0' in metrics
    assert "tollbridge_inflight 0.0" in metrics
