"""Official SDKs read streams that were opened before the provider spoke: they go on, and errors are exceptions.

That the SDK returns a stream while its provider has given no head is the proof that the bridge has opened it.
"""

import asyncio
import json
from collections.abc import Iterator

import anthropic
import openai
import pytest
from tests.live.looking import PROMPT, settled
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream, chat_events, event

MESSAGES = [{"role": "user", "content": PROMPT}]
MORE = """
[providers.claude]
base_url = "{url}/v1"
dialect = "anthropic-messages"
api_key = "env:MOCK_KEY"
auth_header = "x-api-key"
allow_private = true
[models.claude]
targets = ["claude/claude-1"]
price = {{ input = "1", output = "10" }}
[upstream]
keep_alive_s = 0.001
"""
CLAUDE = {"type": "message", "id": "msg_1", "role": "assistant", "model": "claude-1", "content": []}
EVENTS = [
    {"type": "message_start", "message": {**CLAUDE, "usage": {"input_tokens": 10, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]
OF_CLAUDE = [f"event: {each['type']}\n".encode() + event(each) for each in EVENTS]
LIMITED = {"error": {"message": "slow down", "type": "requests", "code": "too_fast", "param": None}}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


class Sdks:
    """A gateway, its upstream, which waits before it says anything, and clients that show a token."""

    def __init__(self, gateway: LiveGateway, upstream: ScriptedUpstream) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.token = gateway.token()["token"]
        self.calls = 0

    def openai(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.gateway.url}/v1", api_key=self.token, timeout=20, max_retries=0)

    def anthropic(self) -> anthropic.Anthropic:
        return anthropic.Anthropic(base_url=self.gateway.url, api_key=self.token, timeout=20, max_retries=0)

    def streams(self, *events: bytes) -> asyncio.Event:
        """Let the provider stream, head and all, once the event is set that this gives."""
        return self._answers(b"200 OK", b"text/event-stream", b"".join(events))

    def answers(self, body: object, status: bytes = b"200 OK") -> asyncio.Event:
        """Let the provider answer as a whole, once the event is set that this gives."""
        return self._answers(status, b"application/json", json.dumps(body).encode())

    def _answers(self, status: bytes, kind: bytes, body: bytes) -> asyncio.Event:
        speaks = asyncio.Event()
        head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n" % (status, kind, len(body))
        self.upstream.raw(speaks, head + body)
        self.calls += 1
        return speaks

    def row(self) -> dict[str, object]:
        return settled(self.gateway.folder, self.calls)[-1]


@pytest.fixture(scope="module")
def sdks(tmp_path_factory) -> Iterator[Sdks]:
    with ScriptedUpstream.in_thread() as upstream:
        folder = tmp_path_factory.mktemp("early")
        config = mock_config(upstream.url, MORE.format(url=upstream.url))
        with LiveGateway(folder, config) as gateway:
            yield Sdks(gateway, upstream)


def chat(client: openai.OpenAI, model: str = "gpt-4o-mini") -> openai.Stream:
    return client.chat.completions.create(model=model, messages=MESSAGES, stream=True)


def messages(client: anthropic.Anthropic, model: str = "claude") -> anthropic.Stream:
    return client.messages.create(model=model, messages=MESSAGES, max_tokens=100, stream=True)


def said(stream: openai.Stream) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


@pytest.mark.parametrize(
    ("model", "spoken"), [("gpt-4o-mini", chat_events("Hel", "lo.", usage=True)), ("claude", OF_CLAUDE)]
)
def test_openai_sdk_reads_a_stream_that_was_opened_before_its_provider_spoke(sdks, model, spoken) -> None:
    speaks = sdks.streams(*spoken)
    with sdks.openai() as client, chat(client, model) as stream:
        sdks.upstream.release(speaks)

        assert said(stream) == "Hello."

    assert stream.response.headers["content-type"] == "text/event-stream"
    assert stream.response.headers["x-request-id"]
    assert (sdks.row()["outcome"], sdks.row()["usage_source"]) == ("complete", "provider")


@pytest.mark.parametrize(
    ("model", "spoken"), [("gpt-4o-mini", chat_events("Hel", "lo.", usage=True)), ("claude", OF_CLAUDE)]
)
def test_anthropic_sdk_reads_a_stream_that_was_opened_before_its_provider_spoke(sdks, model, spoken) -> None:
    speaks = sdks.streams(*spoken)
    with sdks.anthropic() as client, messages(client, model) as stream:
        sdks.upstream.release(speaks)
        events = list(stream)

    assert "".join(each.delta.text for each in events if each.type == "content_block_delta") == "Hello."
    assert (events[0].type, events[-1].type) == ("message_start", "message_stop")


def test_responses_of_the_openai_sdk_are_read_behind_an_early_opening(sdks) -> None:
    speaks = sdks.streams(*OF_CLAUDE)
    with sdks.openai() as client, client.responses.create(model="claude", input="Hi", stream=True) as stream:
        sdks.upstream.release(speaks)
        events = list(stream)

    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == "Hello."


def test_whole_answer_behind_an_early_opening_is_a_stream_to_the_sdk(sdks) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    speaks = sdks.answers(body)
    with sdks.openai() as client, chat(client) as stream:
        sdks.upstream.release(speaks)

        assert said(stream) == "Hello."
    sdks.row()


def test_error_behind_an_early_opening_is_an_exception_of_the_openai_sdk(sdks) -> None:
    speaks = sdks.answers(LIMITED, b"429 Too Many Requests")
    with sdks.openai() as client, chat(client) as stream:
        sdks.upstream.release(speaks)
        with pytest.raises(openai.APIError, match="slow down") as caught:
            list(stream)

    assert caught.value.code == "too_fast"
    assert (sdks.row()["status"], sdks.row()["cost"]) == (429, 0)


def test_error_behind_an_early_opening_is_an_exception_of_the_sdks_responses(sdks) -> None:
    speaks = sdks.answers(OVERLOADED, b"529 Overloaded")
    with sdks.openai() as client, client.responses.create(model="claude", input="Hi", stream=True) as stream:
        sdks.upstream.release(speaks)
        with pytest.raises(openai.APIError, match="Overloaded"):
            list(stream)

    assert sdks.row()["status"] == 529


@pytest.mark.parametrize(
    ("model", "body", "status", "kind"),
    [
        ("claude", OVERLOADED, b"529 Overloaded", "overloaded_error"),
        ("gpt-4o-mini", LIMITED, b"429 Too Many Requests", "rate_limit_error"),
    ],
)
def test_error_behind_an_early_opening_is_an_exception_of_the_anthropic_sdk(sdks, model, body, status, kind) -> None:
    speaks = sdks.answers(body, status)
    with sdks.anthropic() as client, messages(client, model) as stream:
        sdks.upstream.release(speaks)
        with pytest.raises(anthropic.APIStatusError) as caught:
            list(stream)

    assert caught.value.body["error"]["type"] == kind
    assert sdks.row()["status"] == int(status[:3])


SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
SEARCHING = [
    OF_CLAUDE[0],
    b"event: content_block_start\n" + event({"type": "content_block_start", "index": 0, "content_block": SEARCH}),
    b"event: content_block_stop\n" + event({"type": "content_block_stop", "index": 0}),
    *(part.replace(b'"index":0', b'"index":1') for part in OF_CLAUDE[1:]),
]


def watched(stream: openai.Stream | anthropic.Stream) -> list[bytes]:
    """Give a list that fills with what the SDK reads."""
    seen: list[bytes] = []
    iterate = stream.response.iter_bytes

    def noting(*args: object) -> Iterator[bytes]:
        for part in iterate(*args):
            seen.append(part)
            yield part

    stream.response.iter_bytes = noting
    return seen


def test_comment_about_what_an_answer_lost_is_nothing_to_the_openai_sdk(sdks) -> None:
    speaks = sdks.streams(*SEARCHING)
    with sdks.openai() as client, chat(client, "claude") as stream:
        seen = watched(stream)
        sdks.upstream.release(speaks)

        assert said(stream) == "Hello."
    assert b"\n\n: x-tollbridge-dropped: choices[].message.server_tools\n\ndata: [DONE]\n\n" in b"".join(seen)


def test_comment_about_what_a_request_lost_is_nothing_to_the_anthropic_sdk(sdks) -> None:
    speaks = sdks.streams(*chat_events("Hello.", usage=True))
    with (
        sdks.anthropic() as client,
        client.messages.create(
            model="gpt-4o-mini", messages=MESSAGES, max_tokens=100, stream=True, extra_body={"top_k": 5}
        ) as stream,
    ):
        seen = watched(stream)
        sdks.upstream.release(speaks)
        events = list(stream)

    assert b"\n\n: x-tollbridge-dropped: top_k\n\nevent: message" in b"".join(seen)
    assert "".join(each.delta.text for each in events if each.type == "content_block_delta") == "Hello."
