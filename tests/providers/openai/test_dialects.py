"""OpenAI's wire formats: what is read of a request, what is changed in it, what is written back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import BadRequest, BudgetExceeded, Denied, GatewayError, Quirks, RateLimited, Unavailable, input_bound
from tollbridge.formats import Dialect, Envelope, ModelEntry
from tollbridge.plugins import Plugins
from tollbridge_openai.dialects import ChatDialect, CompletionsDialect, EmbeddingsDialect

CHAT, COMPLETIONS, EMBEDDINGS = ChatDialect(), CompletionsDialect(), EmbeddingsDialect()
ALL = pytest.mark.parametrize("dialect", [CHAT, COMPLETIONS, EMBEDDINGS], ids=lambda dialect: dialect.name)
HOST = Quirks()
OLD_HOST = Quirks(rename={"max_completion_tokens": "max_tokens"})


def envelope_of(body: bytes | dict[str, Any], dialect: Dialect = CHAT) -> Envelope:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    operation = dialect.operations[0]
    return dialect.read_envelope(operation, operation.path, raw)


def readdressed(
    body: bytes, dialect: Dialect = CHAT, *, model: str = "", max_output: int | None = None, quirks: Quirks = HOST
) -> bytes:
    envelope = envelope_of(body, dialect)
    return dialect.readdress(body, envelope, model=model or envelope.model, max_output=max_output, quirks=quirks)


def test_package_offers_its_dialects_and_its_host() -> None:
    registry = Plugins(allowed=["openai"]).register_all()

    text = ["openai-chat", "openai-completions", "openai-embeddings", "openai-responses"]
    side = [
        "openai-images",
        "openai-moderations",
        "openai-speech",
        "openai-transcripts",
        "openai-files",
        "openai-realtime",
    ]
    assert list(registry.dialects) == text + side
    assert registry.providers["openai"].base_urls == {
        "openai-chat": "https://api.openai.com/v1",
        "openai-responses": "https://api.openai.com/v1",
    }
    assert registry.providers["openai"].auth.env == ("OPENAI_API_KEY",)
    assert registry.providers["openai"].quirks.free_text
    assert registry.providers["openai"].auth.headers("sk-1") == [(b"authorization", b"Bearer sk-1")]


def test_operations_are_openais_paths_each_with_its_scope() -> None:
    listed = [
        (op.method, op.path, op.upstream, op.scope) for d in (CHAT, COMPLETIONS, EMBEDDINGS) for op in d.operations
    ]

    assert listed == [
        ("POST", "/v1/chat/completions", "/chat/completions", "ai:chat"),
        ("GET", "/v1/models", "/models", ""),
        ("GET", "/v1/models/{model}", "", ""),
        ("POST", "/v1/completions", "/completions", "ai:completions"),
        ("POST", "/v1/embeddings", "/embeddings", "ai:embeddings"),
    ]


def test_envelope_holds_what_the_bridge_must_know() -> None:
    body = b'{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true,"max_tokens":5,"n":3}'

    assert envelope_of(body) == Envelope(
        model="gpt-4o",
        stream=True,
        max_output=15,  # 3 answers of 5 tokens
        input_bound=input_bound(body),
        asks_usage=False,
        answers=3,
    )


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, {"stream": False, "max_output": None, "asks_usage": False, "answers": 1}),
        ({"stream": None, "max_tokens": None, "n": None, "stream_options": None}, {"max_output": None, "answers": 1}),
        ({"stream": False}, {"stream": False}),
        ({"max_completion_tokens": 7}, {"max_output": 7}),
        ({"max_completion_tokens": 7, "max_tokens": 9}, {"max_output": 7}),
        ({"stream_options": {}}, {"asks_usage": False}),
        ({"stream_options": {"include_usage": None}}, {"asks_usage": False}),
        ({"stream_options": {"include_usage": False}}, {"asks_usage": False}),
        ({"stream_options": {"include_usage": True, "other": 1}}, {"asks_usage": True}),
    ],
)
def test_fields_of_a_request_and_their_absence(fields: dict[str, object], found: dict[str, object]) -> None:
    envelope = envelope_of({"model": "m", **fields})

    assert {key: getattr(envelope, key) for key in found} == found


@pytest.mark.parametrize(
    ("fields", "answers"),
    [
        ({}, 1),
        ({"prompt": None}, 1),
        ({"prompt": "a"}, 1),
        ({"prompt": []}, 1),
        ({"prompt": ["a"]}, 1),
        ({"prompt": ["a", "b", "c"]}, 3),
        ({"prompt": [1, 2, 3]}, 1),
        ({"prompt": [[1, 2], [3]]}, 2),
        ({"prompt": ["a", "b"], "n": 2}, 4),
        ({"prompt": "a", "n": 2, "best_of": 5}, 5),
        ({"prompt": ["a", "b"], "best_of": 5}, 10),
        ({"prompt": "a", "n": 3, "best_of": 1}, 3),
        ({"prompt": "a", "best_of": None}, 1),
    ],
)
def test_completions_reserve_for_every_text_that_is_generated(fields: dict[str, object], answers: int) -> None:
    envelope = envelope_of({"model": "m", "max_tokens": 10, **fields}, COMPLETIONS)

    assert (envelope.answers, envelope.max_output) == (answers, 10 * answers)


def test_completions_may_be_asked_for_no_output_and_chat_may_not() -> None:
    for fields in ({}, {"n": 3}, {"prompt": ["a", "b"]}):
        assert envelope_of({"model": "m", "max_tokens": 0, "echo": True, **fields}, COMPLETIONS).max_output == 0
    for name in ("max_tokens", "max_completion_tokens"):
        with pytest.raises(BadRequest, match="the output limit must be at least 1"):
            envelope_of({"model": "m", name: 0}, CHAT)


def test_embeddings_have_no_output() -> None:
    envelope = envelope_of({"model": "e", "input": ["a", "b"]}, EMBEDDINGS)

    assert (envelope.max_output, envelope.outputs_tokens, envelope.stream) == (0, False, False)
    assert envelope.input_bound > 0


@ALL
@pytest.mark.parametrize(
    ("body", "param", "said"),
    [
        (b"", None, "the body is no valid JSON"),
        (b"{", None, "the body is no valid JSON"),
        (b'{"model":"m"} x', None, "the body is no valid JSON"),
        (b'{"model":"\xff"}', None, "the body is no valid JSON"),
        (b"[]", None, "the body does not fit"),
        (b"{}", "model", "the body does not fit: Object missing required field `model`"),
        (b'{"model":5}', "model", "the body does not fit"),
        (b'{"model":null}', "model", "the body does not fit"),
        (b'{"model":""}', "model", "the field 'model' is empty"),
        (b'{"model":"a","model":"b"}', "model", "the field 'model' is in the body twice"),
        (b'{"model":"a","mod\\u0065l":"b"}', "model", "the field 'model' is in the body twice"),
        (b'{"model":"a","stream":"yes"}', "stream", "the body does not fit"),
        (b'{"model":"a","stream":true,"stream":false}', "stream", "the field 'stream' is in the body twice"),
        (b'{"model":"a","max_tokens":"5"}', "max_tokens", "the body does not fit"),
        (b'{"model":"a","max_tokens":1,"max_tokens":9}', "max_tokens", "the field 'max_tokens' is in the body twice"),
        (b'{"model":"a","x":"\xff","stream":1,"stream":2}', "stream", "the body does not fit"),
        (b'{"model":"a","x":"\xff","n":1,"n":2}', None, "the body is no JSON object: 'utf-8' codec can't decode"),
    ],
)
def test_body_that_does_not_fit_is_refused_by_the_name_of_its_field(
    dialect: Dialect, body: bytes, param: str | None, said: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        envelope_of(body, dialect)

    assert caught.value.message.startswith(said)
    assert caught.value.param == param


@pytest.mark.parametrize("dialect", [CHAT, COMPLETIONS], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": -1}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_completion_tokens": -5}, "max_tokens"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
        ({"stream_options": []}, "stream_options"),
    ],
)
def test_counts_that_cannot_be_are_refused(dialect: Dialect, fields: dict[str, object], param: str) -> None:
    with pytest.raises(BadRequest) as caught:
        envelope_of({"model": "m", **fields}, dialect)

    assert caught.value.param == param


def test_same_word_deeper_down_is_no_duplicate() -> None:
    body = b'{"model":"m","metadata":{"model":"x","stream":true},"messages":[{"content":"\\u0041"}],"n":1}'

    assert envelope_of(body).model == "m"


BODY = (
    b'{ "messages":[{"role":"user","content":"h\\u00e9 \\"model\\""}] ,'
    b'\n\t"model" : "small" , "temperature":1.00,"x-own":{"a":[1,2]}}'
)


@ALL
def test_nothing_to_change_leaves_every_byte(dialect: Dialect) -> None:
    assert readdressed(BODY, dialect) == BODY


@ALL
def test_model_is_changed_and_every_other_byte_stays(dialect: Dialect) -> None:
    assert readdressed(BODY, dialect, model="org/bíg") == BODY.replace(b'"small"', '"org/bíg"'.encode())


def test_stream_is_asked_for_usage_and_every_other_byte_stays() -> None:
    body = BODY.replace(b'"x-own"', b'"stream":true,"x-own"')

    assert readdressed(body) == body.replace(b"{ ", b'{"stream_options":{"include_usage":true}, ', 1)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (b"null", b'{"include_usage":true}'),
        (b"{}", b'{"include_usage":true}'),
        (b'{"include_usage":false}', b'{"include_usage":true}'),
        (b'{ "include_obfuscation" : false }', b'{"include_usage":true, "include_obfuscation" : false }'),
        (b'{"include_usage":null,"a":1.0}', b'{"include_usage":true,"a":1.0}'),
    ],
)
def test_options_of_a_stream_that_the_caller_gave_are_kept(given: bytes, sent: bytes) -> None:
    body = b'{"model":"m","stream":true,"stream_options":%b}'

    assert readdressed(body % given) == body % sent


@pytest.mark.parametrize("quirks", [Quirks(stream_usage="always"), Quirks(stream_usage="never")])
def test_host_that_cannot_be_asked_for_usage_is_not_asked(quirks: Quirks) -> None:
    body = b'{"model":"m","stream":true}'

    assert readdressed(body, quirks=quirks) == body


def test_caller_who_asks_for_usage_himself_has_his_body_untouched() -> None:
    body = b'{"model":"m","stream":true,"stream_options":{"include_usage":true}}'

    assert readdressed(body) == body


@pytest.mark.parametrize(
    ("dialect", "quirks", "name"),
    [
        (CHAT, Quirks(), "max_completion_tokens"),
        (CHAT, OLD_HOST, "max_tokens"),
        (COMPLETIONS, Quirks(), "max_tokens"),
        (COMPLETIONS, OLD_HOST, "max_tokens"),
    ],
)
def test_output_limit_goes_by_the_name_that_the_host_knows(dialect: Dialect, quirks: Quirks, name: str) -> None:
    sent = json.loads(readdressed(b'{"model":"m"}', dialect, max_output=64, quirks=quirks))

    assert sent == {"model": "m", name: 64}


def test_host_with_quirks_gets_fields_renamed_and_dropped() -> None:
    quirks = Quirks(rename={"max_completion_tokens": "max_tokens"}, drop=("logit_bias",), stream_usage="never")
    body = b'{"model":"m","max_completion_tokens":5,"logit_bias":{},"x":1.0}'

    assert readdressed(body, quirks=quirks) == b'{"model":"m","max_tokens":5,"x":1.0}'


def test_everything_at_once() -> None:
    quirks = Quirks(rename={"max_completion_tokens": "max_tokens"}, drop=("logit_bias",))
    body = b'{"model":"m","stream":true,"logit_bias":{},"x":1.0}'

    assert json.loads(readdressed(body, model="n", max_output=9, quirks=quirks)) == {
        "model": "n",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 9,
        "x": 1.0,
    }


FIELDS = st.fixed_dictionaries(
    {"model": st.text(min_size=1, max_size=8)},
    optional={
        "stream": st.booleans() | st.none(),
        "stream_options": st.none() | st.dictionaries(st.sampled_from(["include_usage", "a"]), st.booleans()),
        "messages": st.lists(
            st.dictionaries(st.sampled_from(["role", "content", "model"]), st.text(max_size=6)), max_size=2
        ),
        "é\\": st.floats(allow_nan=False, allow_infinity=False),
    },
)


@given(FIELDS, st.text(min_size=1, max_size=8), st.none() | st.integers(1, 10**6), st.booleans())
def test_any_body_keeps_its_meaning(fields: dict[str, Any], model: str, limit: int | None, escaped: bool) -> None:
    body = json.dumps(fields, ensure_ascii=escaped).encode()
    expected = {**fields, "model": model}
    if fields.get("stream"):
        expected["stream_options"] = {**(fields.get("stream_options") or {}), "include_usage": True}
    if limit is not None:
        expected["max_completion_tokens"] = limit

    sent = readdressed(body, model=model, max_output=limit)

    assert json.loads(sent) == expected


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (BadRequest("no", param="n"), "invalid_request_error", "invalid_request"),
        (BudgetExceeded("no"), "insufficient_quota", "insufficient_quota"),
        (RateLimited("no"), "rate_limit_error", "rate_limit_exceeded"),
        (Denied("no", code="curfew"), "permission_error", "curfew"),
        (Unavailable("no"), "server_error", "unavailable"),
        (GatewayError("no", status=401), "invalid_request_error", "internal_error"),
        (GatewayError("no", status=408), "timeout_error", "internal_error"),
        (GatewayError("no", status=409), "conflict_error", "internal_error"),
        (GatewayError("no", status=418), "invalid_request_error", "internal_error"),
        (GatewayError("no", status=529), "server_error", "internal_error"),
    ],
)
@ALL
def test_errors_are_written_in_openais_words(dialect: Dialect, error: GatewayError, kind: str, code: str) -> None:
    written = dialect.write_error(error, "req_1")

    assert json.loads(written) == {"error": {"message": "no", "type": kind, "param": error.param, "code": code}}
    assert dialect.write_error_event(error, "req_1") == b"data: %b\n\n" % written


@given(st.text())
def test_error_event_is_one_line_whatever_the_message(message: str) -> None:
    event = CHAT.write_error_event(BadRequest(message), "req_1")

    assert event.count(b"\n") == 2
    assert b"\r" not in event


def test_models_are_listed_in_openais_shape() -> None:
    models = [ModelEntry("gpt-4o", "openai", 1_700_000_000, 128_000), ModelEntry("small", "mine")]

    assert json.loads(CHAT.write_models(models, {})) == {
        "object": "list",
        "data": [
            {
                "id": "gpt-4o",
                "object": "model",
                "created": 1_700_000_000,
                "owned_by": "openai",
                "context_length": 128_000,
            },
            {"id": "small", "object": "model", "created": 0, "owned_by": "mine"},
        ],
    }
    assert json.loads(CHAT.write_model(models[1])) == {
        "id": "small",
        "object": "model",
        "created": 0,
        "owned_by": "mine",
    }


@ALL
def test_no_header_is_claimed(dialect: Dialect) -> None:
    assert not dialect.claims({b"authorization": b"Bearer x"})
