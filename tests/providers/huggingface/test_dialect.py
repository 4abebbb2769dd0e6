"""Hugging Face's providers, and embeddings as they pass."""

import json

import pytest
from tests.support.corpus import Case, corpus, is_stream

import tollbridge_huggingface
from tollbridge import Provider, Quirks
from tollbridge.errors import BadRequest, RateLimited, UpstreamError
from tollbridge.formats import Dialect, KeyedSeal, ModelEntry, Notes, fold
from tollbridge.formats.ways import upstream_url
from tollbridge_huggingface.dialect import FeaturesDialect
from tollbridge_openai.chat_codec import ChatCodec

DIALECT: Dialect = FeaturesDialect()
(OPERATION,) = DIALECT.operations
PATH = "/huggingface/hf-inference/models/BAAI/bge-m3/pipeline/feature-extraction"
BODY = b'{"inputs":"Hi","truncate":true}'


def providers() -> dict[str, Provider]:
    found: list[Provider] = []
    tollbridge_huggingface.register_providers(found.append)
    return {provider.name: provider for provider in found}


def test_router_speaks_chat_and_the_own_host_embeds() -> None:
    found = providers()

    assert found["huggingface"].base_urls == {"openai-chat": "https://router.huggingface.co/v1"}
    assert found["huggingface"].auth.env == ("HF_TOKEN", "HUGGINGFACE_API_KEY")
    own = found["huggingface-inference"].base_urls[DIALECT.base]
    assert upstream_url(own, OPERATION, "BAAI/bge-m3", stream=False) == (
        "https://router.huggingface.co/hf-inference/models/BAAI/bge-m3/pipeline/feature-extraction"
    )


def test_dialect_is_registered() -> None:
    found: list[Dialect] = []
    tollbridge_huggingface.register_dialects(found.append)

    assert [dialect.name for dialect in found] == ["huggingface-features"]


def test_model_is_read_from_the_path_and_nothing_is_put_out() -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, BODY)

    assert (envelope.model, envelope.max_output, envelope.outputs_tokens) == ("BAAI/bge-m3", 0, False)
    assert envelope.input_bound > 0


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a":1,"a":2}'])
def test_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.read_envelope(OPERATION, PATH, body)


def test_body_passes_untouched_but_for_quirks() -> None:
    envelope = DIALECT.read_envelope(OPERATION, PATH, BODY)

    assert DIALECT.readdress(BODY, envelope, model="x", max_output=None, quirks=Quirks()) == BODY
    assert DIALECT.readdress(BODY, envelope, model="x", max_output=None, quirks=Quirks(drop=("truncate",))) == (
        b'{"inputs":"Hi"}'
    )


def test_answer_passes_without_usage() -> None:
    reader = DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=False)

    assert reader.feed(b"[[0.1]]") == [b"[[0.1]]"]
    assert (reader.usage, reader.finished) == (None, True)
    with pytest.raises(UpstreamError):
        DIALECT.answer_reader(DIALECT.read_envelope(OPERATION, PATH, BODY), streamed=False).feed(b"<html>")


def test_errors_and_models_are_written() -> None:
    assert json.loads(DIALECT.write_error(RateLimited("slow down"), "call")) == {
        "error": "slow down",
        "error_type": "rate_limit_exceeded",
    }
    assert DIALECT.write_error_event(RateLimited("no"), "call") == DIALECT.write_error(RateLimited("no"), "call")
    entry = {"id": "a", "author": "b", "pipeline_tag": "feature-extraction"}
    assert json.loads(DIALECT.write_models([ModelEntry("a", "b")], {})) == [entry]
    assert json.loads(DIALECT.write_model(ModelEntry("a", "b"))) == entry
    assert not DIALECT.claims({})


@corpus("dev/huggingface_chat", only=is_stream)
def test_recorded_stream_of_the_router_is_whole_with_and_without_its_mark(case: Case) -> None:
    notes = Notes(KeyedSeal(b"k"))
    reader = ChatCodec().stream_reader(notes)
    assert case.text is not None

    events = [*reader.feed(case.text.encode()), *reader.feed(b"")]

    response = fold(events)
    assert response.usage is not None
    assert response.choices[0].stop is not None
