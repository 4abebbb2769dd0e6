"""One call from dialect to dialect, without a gateway around it."""

import json
from collections.abc import Sequence

import pytest

from tollbridge.errors import UpstreamError
from tollbridge.formats.dialect import Envelope
from tollbridge.formats.seal import KeyedSeal
from tollbridge.formats.translation import Translator
from tollbridge.formats.ways import Ways
from tollbridge.providers import Provider, Quirks, Target
from tollbridge_anthropic.dialect import MessagesDialect
from tollbridge_openai.dialects import ChatDialect

ASKED = json.dumps({"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}).encode()


def translator(*, stream: bool = False, ways: Sequence[str] = ("chat",)) -> Translator:
    dialect = MessagesDialect()
    codec = dialect.operations[0].codec
    assert codec is not None
    return Translator(
        dialect,
        codec,
        Envelope("m", stream=stream),
        KeyedSeal(b"k" * 32),
        ways=Ways([ChatDialect()] if ways else []),
        strict=False,
        now=1,
        call_id="req_1",
    )


def target(**quirks: object) -> Target:
    urls = {"openai-chat": "https://h/v1"}
    return Target(Provider("p", base_urls=urls, quirks=Quirks(**quirks)), "theirs", base_urls=urls)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stream", "usage", "options"),
    [(False, "option", None), (True, "option", {"include_usage": True}), (True, "always", None)],
)
def test_usage_of_a_stream_is_asked_for_where_it_must_be(
    stream: bool, usage: str, options: dict[str, bool] | None
) -> None:
    asked = target(stream_usage=usage)

    body = json.loads(translator(stream=stream).to(asked, ASKED, None).written(asked))

    assert body.get("stream_options") == options
    assert body.get("stream", False) is stream
    assert body["model"] == "theirs"


def test_quirks_of_a_host_hold_for_what_is_written() -> None:
    asked = target(rename={"max_completion_tokens": "max_tokens"}, drop=("messages",))

    body = json.loads(translator().to(asked, ASKED, 9).written(asked))

    assert body == {"model": "theirs", "max_tokens": 9}


def test_quirks_hold_too_for_a_body_whose_codec_does_not_know_them() -> None:
    dialect = MessagesDialect()
    codec = dialect.operations[1].codec
    assert codec is not None
    ways = Ways([dialect])
    counting = Translator(
        dialect,
        codec,
        Envelope("m", outputs_tokens=False),
        KeyedSeal(b"k" * 32),
        ways=ways,
        strict=False,
        now=1,
        call_id="req_1",
    )
    urls = {"anthropic-messages": "https://h/v1"}
    quirks = Quirks(drop=("model",), add={"anthropic_version": '"vertex-2023-10-16"'})
    asked = Target(Provider("p", base_urls=urls, quirks=quirks), "theirs", base_urls=urls)

    body = json.loads(counting.to(asked, ASKED, None).written(asked))

    assert body["anthropic_version"] == "vertex-2023-10-16"
    assert body["model"] == "theirs"


def test_request_is_read_once_however_many_targets_are_asked() -> None:
    one = translator()

    assert one.read(ASKED) is one.read(b"")


def test_target_without_a_way_cannot_be_asked() -> None:
    with pytest.raises(UpstreamError, match="no way"):
        translator(ways=()).to(target(), ASKED, None)
