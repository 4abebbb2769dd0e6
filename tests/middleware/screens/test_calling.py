"""Calls that a page makes for whoever looks: by a token of theirs, with an answer that is no page of this site."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.visiting import Visitor

from tollbridge.errors import BadRequest, Denied
from tollbridge.screens import Asked, Calling, calling, hear
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.conditions import parse_conditions
from tollbridge.tokens.model import Principal

Mock = Callable[..., GatewayUnderTest]
BODY = b'{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}'
CHAT = Asked("POST", "/v1/chat/completions", headers={"content-type": "application/json"}, body=BODY)
PAGE: Any = {"type": "http", "scheme": "http", "client": ("192.0.2.7", 1)}


async def principal(visitor: Visitor, **wish: Any) -> Principal:
    """Give a token of somebody's as whoever acts with it."""
    scopes = wish.pop("scopes", ["ai:*", "model:*"])
    token = (await visitor.under.gateway.tokens.issue(name="mine", scopes=scopes, **wish)).token
    found = await visitor.under.gateway.store.find_holder(token.id)
    assert found is not None
    return found


async def sent(response: Calling) -> list[Any]:
    """Send an answer to a browser that stays, and give the messages it was sent."""
    messages: list[Any] = []

    async def receive() -> Any:
        return await calling._stays()

    async def send(message: Any) -> None:
        messages.append(message)

    await response(PAGE, receive, send)
    return messages


async def test_call_is_the_tokens_and_costs_it(visit: Visitor) -> None:
    who = await principal(visit)

    heard = await hear(visit.under.gateway, who, CHAT, PAGE)

    (row,) = await visit.under.gateway.store.recent(limit=1)
    assert heard.status == 200
    assert "choices" in heard.text
    assert (row.token_id, row.call_id) == (who.id, heard.headers["x-request-id"])
    assert not heard.cut


async def test_answer_is_cut_where_a_page_would_be_too_long(visit: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "MOST_SHOWN", 10)

    heard = await hear(visit.under.gateway, await principal(visit), CHAT, PAGE)

    assert len(heard.body) == 10
    assert heard.cut


async def test_answer_is_passed_on_with_its_status_and_id_and_nothing_a_browser_acts_on(visit: Visitor) -> None:
    messages = await sent(Calling(visit.under.gateway, await principal(visit), CHAT))

    headers = dict(messages[0]["headers"])
    assert messages[0]["status"] == 200
    assert headers[b"x-tried-status"] == b"200"
    assert headers[b"x-request-id"].startswith(b"req_")
    assert headers[b"content-type"] == b"application/json; charset=utf-8"
    assert set(headers) <= {b"x-tried-status", b"x-request-id", b"content-type", b"x-tollbridge-cost-usd"}
    assert b"choices" in b"".join(message.get("body", b"") for message in messages[1:])


async def test_refusal_of_the_call_is_the_calls_own(visit: Visitor) -> None:
    messages = await sent(Calling(visit.under.gateway, await principal(visit, scopes=["ai:*"]), CHAT))

    assert dict(messages[0]["headers"])[b"x-tried-status"] == b"403"
    assert visit.under.sent == []


async def test_call_hears_that_the_browser_left_once_it_has_the_body() -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    told = calling._after(b"x", receive)

    assert await told() == {"type": "http.request", "body": b"x", "more_body": False}
    assert await told() == {"type": "http.disconnect"}


async def test_reader_without_scripts_waits_for_all_of_it() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await calling._stays()


async def test_token_opens_only_where_its_conditions_say_and_a_canary_never(visit: Visitor) -> None:
    here = await principal(visit, conditions=parse_conditions(["192.0.2.0/24"]))
    elsewhere = await principal(visit, conditions=parse_conditions(["203.0.113.0/24"]))
    canary = await principal(visit, canary=True)

    assert (await hear(visit.under.gateway, here, CHAT, PAGE)).status == 200
    for who in (elsewhere, canary):
        with pytest.raises(Denied):
            await hear(visit.under.gateway, who, CHAT, PAGE)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (b"text/event-stream", {b"content-type": b"text/event-stream; charset=utf-8"}),
        (b"Text/Plain; charset=latin-1", {b"content-type": b"text/plain; charset=utf-8"}),
        (b"text/html", {b"content-type": b"application/octet-stream", b"content-disposition": b"attachment"}),
        (b"", {b"content-type": b"application/octet-stream", b"content-disposition": b"attachment"}),
    ],
)
def test_what_a_browser_would_show_as_a_page_is_a_file(kind: bytes, shown: dict[bytes, bytes]) -> None:
    headers = [(b"set-cookie", b"a=b"), (b"location", b"/"), (b"content-type", kind)]

    assert dict(calling._shown(302, headers)) == {b"x-tried-status": b"302", **shown}


@pytest.mark.parametrize("path", ["v1", "/v1/ä", ""])
def test_call_is_of_a_path_of_this_gateway(path: str) -> None:
    with pytest.raises(BadRequest):
        Asked("GET", path)


async def test_call_without_a_body_is_made_as_one(visit: Visitor) -> None:
    heard = await hear(visit.under.gateway, await principal(visit), Asked("GET", "/v1/models", "limit=1"), PAGE)

    assert heard.status == 200
    assert "gpt-4o-mini" in heard.text
