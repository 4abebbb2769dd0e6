"""The upstream that plugin authors test against."""

import json

import pytest

from tollbridge.errors import UpstreamError, UpstreamUnreachable
from tollbridge.testing import FakeUpstream
from tollbridge.transport.base import UpstreamRequest


def asked(body: object = None, method: str = "POST") -> UpstreamRequest:
    data = b"" if body is None else json.dumps(body).encode()
    return UpstreamRequest(method, "https://h/v1/x", [(b"authorization", b"Bearer sk")], data)


async def test_what_would_have_left_is_kept() -> None:
    upstream = FakeUpstream()

    await upstream.send(asked({"model": "m"}))

    (sent,) = upstream.sent
    assert (sent.method, sent.url, sent.headers) == ("POST", "https://h/v1/x", {"authorization": "Bearer sk"})
    assert sent.json() == {"model": "m"}


async def test_without_a_reply_queued_it_completes_the_chat_and_reports_usage() -> None:
    answer = await FakeUpstream().send(asked({"model": "m"}))
    body = json.loads(await answer.read(10_000))

    assert (answer.status, body["model"], body["choices"][0]["message"]["content"]) == (200, "m", "Hello.")
    assert (body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"]) == (1000, 500)


async def test_stream_is_answered_with_a_stream() -> None:
    answer = await FakeUpstream().send(asked({"model": "m", "stream": True}))
    chunks = []
    while chunk := await answer.next_chunk():
        chunks.append(chunk)

    assert dict(answer.headers) == {b"content-type": b"text/event-stream"}
    assert chunks[-1] == b"data: [DONE]\n\n"
    assert b'"prompt_tokens": 1000' in chunks[-2]


async def test_request_without_a_body_is_answered_too() -> None:
    assert (await FakeUpstream().send(asked(method="GET"))).status == 200


async def test_replies_are_given_in_the_order_they_were_queued() -> None:
    upstream = FakeUpstream()
    upstream.reply({"a": 1}, status=429, headers=[("Retry-After", "3")])
    upstream.reply(b"as it is")
    upstream.stream([b"one", b"", b"two"])
    upstream.fail(UpstreamUnreachable("gone"))

    first, second, third = [await upstream.send(asked()) for _ in range(3)]

    assert (first.status, (b"retry-after", b"3") in first.headers) == (429, True)
    assert await first.read(100) == b'{"a": 1}'
    assert await second.read(100) == b"as it is"
    assert [await third.next_chunk() for _ in range(3)] == [b"one", b"two", b""]
    with pytest.raises(UpstreamUnreachable, match="gone"):
        await upstream.send(asked())


async def test_body_over_the_limit_is_refused_as_a_real_transport_does() -> None:
    answer = await FakeUpstream().send(asked({"model": "m"}))

    with pytest.raises(UpstreamError, match="over 5 bytes"):
        await answer.read(5)


async def test_closed_answer_has_nothing_more() -> None:
    upstream = FakeUpstream()
    upstream.stream([b"one", b"two"])
    answer = await upstream.send(asked())
    await answer.next_chunk()

    await answer.close()

    assert await answer.next_chunk() == b""
    await upstream.close()


async def test_type_of_an_answer_is_the_one_that_was_given() -> None:
    upstream = FakeUpstream()
    upstream.reply(b"ID3", headers=[("Content-Type", "audio/mpeg")])

    answer = await upstream.send(asked())

    assert answer.headers == [(b"content-type", b"audio/mpeg")]
