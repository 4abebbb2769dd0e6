"""The Messages dialect: what is read of a request, what is changed in it, what is written back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import BadRequest, BudgetExceeded, Denied, GatewayError, Quirks, RateLimited, Unavailable, input_bound
from tollbridge.formats import Envelope, ModelEntry
from tollbridge.plugins import Plugins
from tollbridge_anthropic.dialect import MessagesDialect

DIALECT = MessagesDialect()
MESSAGES, COUNT_TOKENS = DIALECT.operations[:2]
HOST = Quirks(stream_usage="always")


def envelope_of(body: bytes | dict[str, Any], *, counting: bool = False) -> Envelope:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    operation = COUNT_TOKENS if counting else MESSAGES
    return DIALECT.read_envelope(operation, operation.path, raw)


def readdressed(body: bytes, *, model: str = "", max_output: int | None = None, quirks: Quirks = HOST) -> bytes:
    envelope = envelope_of(body)
    return DIALECT.readdress(body, envelope, model=model or envelope.model, max_output=max_output, quirks=quirks)


def test_package_offers_its_dialect_and_its_host() -> None:
    registry = Plugins(allowed=["anthropic"]).register_all()
    provider = registry.providers["anthropic"]

    assert list(registry.dialects) == ["anthropic-messages"]
    assert provider.base_urls == {"anthropic-messages": "https://api.anthropic.com/v1"}
    assert provider.auth.env == ("ANTHROPIC_API_KEY",)
    assert provider.auth.headers("sk-1") == [(b"x-api-key", b"sk-1")]
    assert provider.quirks.headers == {"anthropic-version": "2023-06-01"}


def test_operations_are_anthropics_paths_each_with_its_scope() -> None:
    assert [(op.method, op.path, op.upstream, op.scope) for op in DIALECT.operations] == [
        ("POST", "/v1/messages", "/messages", "ai:chat"),
        ("POST", "/v1/messages/count_tokens", "/messages/count_tokens", "ai:chat"),
        ("GET", "/v1/models", "/models", ""),
        ("GET", "/v1/models/{model}", "", ""),
    ]


def test_envelope_holds_what_the_bridge_must_know() -> None:
    body = b'{"model":"claude","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"hi"}]}'

    assert envelope_of(body) == Envelope(
        model="claude", stream=True, max_output=5, input_bound=input_bound(body), asks_usage=True
    )


def test_limit_and_stream_may_be_absent_or_null() -> None:
    for body in ({"model": "m"}, {"model": "m", "stream": None, "max_tokens": None}, {"model": "m", "stream": False}):
        assert (envelope_of(body).stream, envelope_of(body).max_output) == (False, None)


def test_counting_tokens_costs_none() -> None:
    envelope = envelope_of({"model": "m", "stream": True, "max_tokens": 0, "messages": []}, counting=True)

    assert envelope == Envelope("m", max_output=0, input_bound=0, asks_usage=True, outputs_tokens=False)


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
        (b'{"model":""}', "model", "the field 'model' is empty"),
        (b'{"model":"a","model":"b"}', "model", "the field 'model' is in the body twice"),
        (b'{"model":"a","mod\\u0065l":"b"}', "model", "the field 'model' is in the body twice"),
        (b'{"model":"a","stream":1}', "stream", "the body does not fit"),
        (b'{"model":"a","max_tokens":0}', "max_tokens", "the field 'max_tokens' must be at least 1"),
        (b'{"model":"a","max_tokens":1,"max_tokens":9}', "max_tokens", "the field 'max_tokens' is in the body twice"),
        (b'{"model":"a","max_tokens":1,"x":"\xff","max_tokens":9}', None, "the body is no JSON object: 'utf-8' codec"),
    ],
)
def test_body_that_does_not_fit_is_refused_by_the_name_of_its_field(body: bytes, param: str | None, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        envelope_of(body)

    assert caught.value.message.startswith(said)
    assert caught.value.param == param


BODY = (
    b'{ "messages":[{"role":"user","content":"h\\u00e9 \\"model\\""}] ,'
    b'\n\t"model" : "small" , "temperature":1.00,"stream":true}'
)


def test_nothing_to_change_leaves_every_byte() -> None:
    assert readdressed(BODY) == BODY


def test_model_is_changed_and_every_other_byte_stays() -> None:
    assert readdressed(BODY, model="bíg") == BODY.replace(b'"small"', '"bíg"'.encode())


def test_output_limit_is_put_in_and_every_other_byte_stays() -> None:
    assert readdressed(BODY, max_output=64) == BODY.replace(b"{ ", b'{"max_tokens":64, ', 1)
    assert json.loads(readdressed(BODY, model="n", max_output=64)) == {
        **json.loads(BODY),
        "model": "n",
        "max_tokens": 64,
    }


def test_host_with_quirks_gets_fields_renamed_and_dropped() -> None:
    body = b'{"model":"m","metadata":{},"top_k":5,"x":1.0}'

    assert readdressed(body, quirks=Quirks(rename={"top_k": "k"}, drop=("metadata",))) == b'{"model":"m","k":5,"x":1.0}'


def test_count_names_its_model_also_where_the_host_wants_none_in_the_body_of_a_message() -> None:
    counted, said = (DIALECT.read_envelope(operation, operation.path, BODY) for operation in (COUNT_TOKENS, MESSAGES))

    count, message = (
        DIALECT.readdress(BODY, envelope, model="n", max_output=None, quirks=Quirks(drop=("model",)))
        for envelope in (counted, said)
    )

    assert json.loads(count)["model"] == "n"
    assert "model" not in json.loads(message)


def test_output_limit_goes_by_the_name_that_the_host_knows() -> None:
    sent = readdressed(b'{"model":"m"}', max_output=64, quirks=Quirks(rename={"max_tokens": "limit"}))

    assert json.loads(sent) == {"model": "m", "limit": 64}


FIELDS = st.fixed_dictionaries(
    {"model": st.text(min_size=1, max_size=8)},
    optional={
        "stream": st.booleans() | st.none(),
        "system": st.text(max_size=6),
        "messages": st.lists(
            st.dictionaries(st.sampled_from(["role", "content", "model"]), st.text(max_size=6)), max_size=2
        ),
        "é\\": st.floats(allow_nan=False, allow_infinity=False),
    },
)


@given(FIELDS, st.text(min_size=1, max_size=8), st.none() | st.integers(1, 10**6), st.booleans())
def test_any_body_keeps_its_meaning(fields: dict[str, Any], model: str, limit: int | None, escaped: bool) -> None:
    body = json.dumps(fields, ensure_ascii=escaped).encode()

    sent = readdressed(body, model=model, max_output=limit)

    assert json.loads(sent) == {**fields, "model": model, **({} if limit is None else {"max_tokens": limit})}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BadRequest("no", param="n"), "invalid_request_error"),
        (GatewayError("no", status=413), "request_too_large"),
        (GatewayError("no", status=402), "billing_error"),
        (GatewayError("no", status=404), "not_found_error"),
        (GatewayError("no", status=409), "conflict_error"),
        (GatewayError("no", status=504), "timeout_error"),
        (GatewayError("no", status=529), "overloaded_error"),
        (BudgetExceeded("no"), "rate_limit_error"),
        (RateLimited("no"), "rate_limit_error"),
        (Denied("no", code="curfew"), "permission_error"),
        (Unavailable("no"), "api_error"),
    ],
)
def test_errors_are_written_in_anthropics_words(error: GatewayError, kind: str) -> None:
    written = DIALECT.write_error(error, "req_1")

    assert json.loads(written) == {
        "type": "error",
        "error": {"type": kind, "message": "no"},
        "request_id": "req_1",
    }
    assert DIALECT.write_error_event(error, "req_1") == b"event: error\ndata: %b\n\n" % written


def test_unknown_revoked_and_expired_tokens_get_the_same_bytes() -> None:
    one, other = (DIALECT.write_error(GatewayError("no", status=401), call_id) for call_id in ("req_1", "req_2"))

    assert one == other
    assert json.loads(one) == {"type": "error", "error": {"type": "authentication_error", "message": "no"}}


@given(st.text())
def test_error_event_is_one_event_whatever_the_message(message: str) -> None:
    event = DIALECT.write_error_event(BadRequest(message), "req_1")

    assert event.count(b"\n") == 3
    assert b"\r" not in event


def test_models_are_listed_in_anthropics_shape() -> None:
    models = [ModelEntry("claude", "anthropic", 1_700_000_000, 200_000, 64_000), ModelEntry("small", "mine")]
    same = {"type": "model", "lifecycle": "active"}

    assert json.loads(DIALECT.write_models(models, {})) == {
        "data": [
            {
                **same,
                "id": "claude",
                "display_name": "claude",
                "created_at": "2023-11-14T22:13:20Z",
                "max_input_tokens": 200_000,
                "max_tokens": 64_000,
            },
            {
                **same,
                "id": "small",
                "display_name": "small",
                "created_at": "1970-01-01T00:00:00Z",
                "max_input_tokens": None,
                "max_tokens": None,
            },
        ],
        "has_more": False,
        "first_id": "claude",
        "last_id": "small",
    }
    assert json.loads(DIALECT.write_model(models[1]))["id"] == "small"


def test_empty_list_of_models_has_no_first_and_no_last() -> None:
    assert json.loads(DIALECT.write_models([], {})) == {
        "data": [],
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }


def test_requests_with_anthropics_version_are_claimed() -> None:
    assert DIALECT.claims({b"anthropic-version": b"2023-06-01"})
    assert not DIALECT.claims({b"x-api-key": b"x"})
