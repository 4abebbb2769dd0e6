"""The official `openai` SDK against a gateway: pictures, moderation, speech, transcripts, files and batches."""

from collections.abc import Iterator

import openai
import pytest
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream, event

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
MP3 = b"ID3\x04\x00" + bytes(range(256)) * 100
USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
PICTURES = {
    "created": 1,
    "data": [{"b64_json": "eA=="}],
    "usage": {**USAGE, "input_tokens_details": {"image_tokens": 4, "text_tokens": 6}},
}
FILE = {"id": "file-1", "object": "file", "bytes": 2, "created_at": 1, "filename": "a", "purpose": "batch"}
BATCH = {"id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "input_file_id": "file-1"}
MORE = """
[upstream]
files_provider = "mock"
[models.side]
targets = ["mock/their-name"]
price = { input = "1", output = "2" }
"""


class Sdk:
    """A gateway, its upstream, and a client of the SDK that shows a token."""

    def __init__(self, gateway: LiveGateway, upstream: ScriptedUpstream) -> None:
        self.upstream = upstream
        self.url = gateway.url
        self.token = gateway.token()["token"]

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.token, timeout=20, max_retries=0)

    def body(self) -> bytes:
        """What the provider was sent last."""
        return self.upstream.requests[-1].body


@pytest.fixture(scope="module")
def sdk(tmp_path_factory) -> Iterator[Sdk]:
    with (
        ScriptedUpstream.in_thread() as upstream,
        LiveGateway(tmp_path_factory.mktemp("side"), mock_config(upstream.url, MORE)) as gateway,
    ):
        yield Sdk(gateway, upstream)


def test_pictures_are_made(sdk) -> None:
    sdk.upstream.answer(PICTURES)
    with sdk.client() as client:
        answer = client.images.with_raw_response.generate(model="side", prompt="a cat", n=1)

    found = answer.parse()
    assert found.data is not None
    assert (found.data[0].b64_json, found.usage and found.usage.input_tokens_details.image_tokens) == ("eA==", 4)
    # 10 in x 1 + 5 out x 2, per million tokens
    assert float(answer.headers["x-tollbridge-cost-usd"]) == pytest.approx(20 / 1e6)
    assert b'"their-name"' in sdk.body()


def test_pictures_are_made_bit_by_bit(sdk) -> None:
    done = {"type": "image_generation.completed", "b64_json": "eA==", "usage": PICTURES["usage"]}
    sdk.upstream.stream([event({"type": "image_generation.partial_image", "b64_json": "eA=="}), event(done)])
    with sdk.client() as client:
        seen = [each.type for each in client.images.generate(model="side", prompt="a cat", stream=True)]

    assert seen == ["image_generation.partial_image", "image_generation.completed"]


def test_pictures_are_edited(sdk) -> None:
    sdk.upstream.answer(PICTURES)
    with sdk.client() as client:
        client.images.edit(model="side", prompt="h\u00e9 side", image=[("a.png", PNG), ("b \u20ac.png", PNG)], n=2)

    sent = sdk.upstream.requests[-1]
    assert sent.path == "/v1/images/edits"
    assert sent.body.count(PNG) == 2
    assert b'name="model"\r\n\r\ntheir-name\r\n' in sent.body
    assert "h\u00e9 side".encode() in sent.body


def test_words_are_judged(sdk) -> None:
    sdk.upstream.answer({"id": "modr-1", "model": "m", "results": []})
    with sdk.client() as client:
        assert client.moderations.create(model="side", input="hello").id == "modr-1"


def test_words_are_spoken(sdk) -> None:
    sdk.upstream.raw(b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: %d\r\n\r\n" % len(MP3), MP3)
    with (
        sdk.client() as client,
        client.audio.speech.with_streaming_response.create(model="side", voice="alloy", input="hello") as spoken,
    ):
        assert spoken.read() == MP3
        assert spoken.headers["content-type"] == "audio/mpeg"


def test_speech_that_breaks_off_is_no_whole_one(sdk) -> None:
    sdk.upstream.raw(b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 9999\r\n\r\n", MP3[:100])
    with sdk.client() as client, pytest.raises(openai.APIConnectionError):
        client.audio.speech.create(model="side", voice="alloy", input="hello")


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # what the SDK says of translations
@pytest.mark.parametrize("way", ["transcriptions", "translations"])
def test_words_are_written_down(sdk, way) -> None:
    sdk.upstream.answer({"text": "hello", "usage": {"type": "tokens", **USAGE}})
    with sdk.client() as client:
        answer = getattr(client.audio, way).create(model="side", file=("a.mp3", MP3, "audio/mpeg"))

    assert answer.text == "hello"
    assert MP3 in sdk.body()
    assert b'name="model"\r\n\r\ntheir-name\r\n' in sdk.body()


def test_words_are_written_down_as_text(sdk) -> None:
    sdk.upstream.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nhi\n")
    with sdk.client() as client:
        assert client.audio.transcriptions.create(model="side", file=("a.mp3", MP3), response_format="text") == "hi\n"


def test_words_are_written_down_one_by_one(sdk) -> None:
    done = {"type": "transcript.text.done", "text": "hi", "usage": {"type": "tokens", **USAGE}}
    sdk.upstream.stream([event({"type": "transcript.text.delta", "delta": "hi"}), event(done)])
    with sdk.client() as client:
        stream = client.audio.transcriptions.create(model="side", file=("a.mp3", MP3), stream=True)
        assert [each.type for each in stream] == ["transcript.text.delta", "transcript.text.done"]


def test_files_are_kept_and_batches_run_by_the_provider_that_was_named(sdk) -> None:
    file = {**FILE, "status": "processed"}
    batch = {**BATCH, "completion_window": "24h", "status": "validating", "created_at": 1}
    with sdk.client() as client:
        sdk.upstream.answer(file)
        assert client.files.create(file=("a.jsonl", b"{}"), purpose="batch").id == "file-1"
        sdk.upstream.answer({"object": "list", "data": [file], "has_more": False})
        assert [each.id for each in client.files.list(limit=1)] == ["file-1"]
        sdk.upstream.raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: 2\r\n\r\n{}")
        assert client.files.content("file-1").read() == b"{}"
        sdk.upstream.answer({"id": "file-1", "object": "file", "deleted": True})
        assert client.files.delete("file-1").deleted
        sdk.upstream.answer(batch)
        made = client.batches.create(input_file_id="file-1", endpoint="/v1/chat/completions", completion_window="24h")
        sdk.upstream.answer({**batch, "status": "cancelling"})
        assert client.batches.cancel(made.id).status == "cancelling"

    assert [(each.method, each.path) for each in sdk.upstream.requests[-6:]] == [
        ("POST", "/v1/files"),
        ("GET", "/v1/files?limit=1"),
        ("GET", "/v1/files/file-1/content"),
        ("DELETE", "/v1/files/file-1"),
        ("POST", "/v1/batches"),
        ("POST", "/v1/batches/batch_1/cancel"),
    ]
