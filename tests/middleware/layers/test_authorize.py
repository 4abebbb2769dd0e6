"""What a principal may call."""

import pytest

from tollbridge.layers.authorize import Authorize


@pytest.mark.parametrize(
    ("scopes", "lacking"),
    [
        (("ai:embeddings", "model:*"), "ai:chat"),
        (("ai:chat",), "model:gpt-4o-mini"),
        (("ai:*", "model:small"), "model:gpt-4o-mini"),
        (("service:*",), "ai:chat"),
    ],
)
async def test_missing_scope_is_refused_by_name(mock, scopes, lacking) -> None:
    gw = mock()

    reply = await gw.chat("gpt-4o-mini", token=await gw.token(*scopes))

    assert reply.status_code == 403
    assert reply.json()["error"]["code"] == "insufficient_scope"
    assert repr(lacking) in reply.json()["error"]["message"]
    assert f'scope="{lacking}"' in reply.headers["www-authenticate"]
    assert gw.sent == []


@pytest.mark.parametrize("scopes", [("ai:chat", "model:gpt-4o-mini"), ("ai:*", "model:gpt-*"), ("ai:c*", "model:*")])
async def test_fitting_scopes_let_the_call_across(mock, scopes) -> None:
    gw = mock()

    assert (await gw.chat("gpt-4o-mini", token=await gw.token(*scopes))).status_code == 200


async def test_whether_a_model_exists_is_told_only_to_those_who_may_call_it(mock) -> None:
    gw = mock()
    narrow = await gw.token("ai:*", "model:gpt-4o-mini")

    assert (await gw.chat("no-such-model", token=narrow)).status_code == 403
    assert (await gw.chat("no-such-model")).status_code == 404


async def test_routes_of_the_wrapped_app_are_scoped_by_template(mock) -> None:
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/orders/{order_id}")
    async def order(order_id: int) -> int:
        return order_id

    gw = mock(app=app, service={"name": "shop"})
    one = await gw.token("service:shop:GET:/orders/{order_id}")
    other = await gw.token("service:shop:GET:/invoices/*")

    assert [(await gw.request("GET", f"/orders/{n}", token=one)).status_code for n in (1, 2)] == [200, 200]
    refused = await gw.request("GET", "/orders/1", token=other)
    assert refused.status_code == 403
    assert "service:shop:GET:/orders/{order_id}" in refused.json()["error"]["message"]


async def test_alone_it_refuses_everyone_nobody_authenticated() -> None:
    sent = []

    async def send(message) -> None:
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    await Authorize(lambda *_: None)({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)

    assert sent[0]["status"] == 401
