"""Codecs that are loaded when they are first used."""

import subprocess
import sys
from pathlib import Path

import pytest

from tollbridge.formats import CONVERSATION, KeyedSeal, Notes, codec_later
from tollbridge.formats.codec import takes_free_text
from tollbridge.formats.dialect import Envelope
from tollbridge.plugins import Plugins
from tollbridge_openai.chat_codec import ChatCodec

NOTES = Notes(KeyedSeal(b"k" * 32))
CODECS = [
    (name, operation.label, operation.codec)
    for name, dialect in Plugins().register_all().dialects.items()
    for operation in dialect.operations
    if operation.codec is not None
]


def test_codec_is_loaded_when_more_than_its_kind_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tollbridge_sample_later.py").write_text("class Codec:\n    kind = 'x'\n    name = 'sample'\n")
    monkeypatch.syspath_prepend(tmp_path)

    codec = codec_later("x", "tollbridge_sample_later:Codec")

    assert codec.kind == "x"
    assert "tollbridge_sample_later" not in sys.modules
    assert codec.name == "sample"
    assert sys.modules.pop("tollbridge_sample_later")
    assert codec.name == "sample"  # nothing is loaded again


def test_codec_that_is_loaded_later_does_what_it_does() -> None:
    codec = codec_later(CONVERSATION, "tollbridge_openai.chat_codec:ChatCodec")
    body = b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}'

    request = codec.read_request(body, Envelope("m"), NOTES)

    assert request == ChatCodec().read_request(body, Envelope("m"), NOTES)
    assert codec.write_request(request, NOTES) == body


@pytest.mark.parametrize(
    ("place", "takes"),
    [
        ("tollbridge_openai.chat_codec:ChatCodec", True),
        ("tollbridge_openai.responses_codec:RESPONSES_CODEC", True),
        ("tollbridge_openai.responses_counting:COUNT_CODEC", True),
        ("tollbridge_openai.completions_codec:COMPLETIONS_CODEC", False),
        ("tollbridge_anthropic.codec:MessagesCodec", False),
        ("tollbridge_anthropic.codec:CountCodec", False),
        ("tollbridge_openai.embeddings_codec:EmbeddingsCodec", False),
    ],
)
def test_codec_that_is_loaded_later_says_whether_it_takes_free_text(place: str, takes: bool) -> None:
    assert takes_free_text(codec_later("any", place)) is takes


def test_place_where_nothing_is_fails_when_it_is_asked() -> None:
    with pytest.raises(AttributeError, match="NoCodec"):
        codec_later(CONVERSATION, "tollbridge_openai.chat_codec:NoCodec").name  # noqa: B018  # that is the point
    with pytest.raises(ModuleNotFoundError):
        codec_later(CONVERSATION, "tollbridge_nobody.codec:X").name  # noqa: B018


@pytest.mark.parametrize(("dialect", "label", "codec"), CODECS, ids=[f"{name}-{label}" for name, label, _ in CODECS])
def test_every_installed_codec_is_of_its_kind(dialect: str, label: str, codec: object) -> None:
    later = vars(codec).get("_place")
    assert later is not None, f"{dialect} loads its codec of {label} at once; use codec_later"
    module, _, name = str(later).partition(":")
    found = getattr(__import__(module, fromlist=[name]), name)

    assert found.kind == codec.kind  # type: ignore[attr-defined]
    assert module.partition(".")[0].startswith("tollbridge_")


def test_gateway_starts_without_any_codec() -> None:
    code = "import sys; from tollbridge.plugins import Plugins; Plugins().register_all(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()

    assert [name for name in loaded if name.startswith("tollbridge_") and name.endswith("codec")] == []
    assert "httpx2" not in loaded
