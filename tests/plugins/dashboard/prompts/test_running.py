"""What came of a run, read from what the API answers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_dashboard.prompts.running import read_answer, samples_of, values_of


def answer(body: str, kind: str = "application/json", status: int = 200, **headers: str) -> dict[str, Any]:
    said = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {"status": status, "headers": said, "body": body, "encoding": "utf-8", "cut": False, "latency_ms": 12}


def test_events_end_with_the_answer_its_tokens_and_its_cost() -> None:
    result = {
        "output": "Hi.",
        "attempts": 2,
        "cost_usd": "0.001",
        "stop": "end",
        "usage": {"input_tokens": 9, "output_tokens": 3},
    }
    body = f'event: delta\ndata: {{"text":"Hi."}}\n\n: still here\n\nevent: result\ndata: {json.dumps(result)}\n\n'

    ran = read_answer(answer(body, "text/event-stream; charset=utf-8"))

    assert (ran.good, ran.output, ran.input_tokens, ran.output_tokens) == (True, "Hi.", 9, 3)
    assert (ran.cost_usd, ran.attempts, ran.stop, ran.latency_ms) == ("0.001", 2, "end", 12)


def test_stream_that_breaks_off_or_ends_with_an_error_is_no_answer() -> None:
    problem = json.dumps({"status": 502, "detail": "it does not fit", "errors": []})

    broken = read_answer(answer('event: delta\ndata: {"text":"Hi."}\n\n', "text/event-stream"))
    failed = read_answer(answer(f"event: error\ndata: {problem}\n\n", "text/event-stream"))

    assert (broken.good, broken.why) == (False, "The answer broke off before its end.")
    assert (failed.good, failed.why, failed.status) == (False, "It does not fit.", 502)


def test_whole_answers_are_read_with_what_their_headers_say() -> None:
    headers = {"x_tollbridge_cost_usd": "0.002", "x_tollbridge_stop": "length"}

    text = read_answer(answer('{"text": "Hi."}', **headers))
    value = read_answer(answer('{"queue": "returns"}'))
    plain = read_answer(answer("a;b", "text/csv"))

    assert (text.output, text.cost_usd, text.stop) == ("Hi.", "0.002", "length")
    assert json.loads(value.output) == {"queue": "returns"}
    assert (plain.output, plain.input_tokens) == ("a;b", None)


def test_values_that_do_not_fit_are_told_by_the_name_of_their_variable() -> None:
    errors = [{"field": "/text", "detail": "it is needed"}, {"field": "/tags/0", "detail": "it must be a string"}]
    body = json.dumps({"status": 422, "detail": "/text: it is needed", "errors": errors})

    ran = read_answer(answer(body, "application/problem+json", 422))

    assert (ran.good, ran.status) == (False, 422)
    assert ran.fields == {"text": "It is needed.", "tags": "It must be a string."}


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"'])
def test_refusal_without_words_is_said_so(body: str) -> None:
    assert read_answer(answer(body, "application/problem+json", 500)).why == "It was answered with an error."


@given(st.text(), st.sampled_from(["text/event-stream", "application/json", "text/plain", "application/problem+json"]))
def test_no_answer_is_too_odd_to_be_shown(body: str, kind: str) -> None:
    for status in (200, 500):
        ran = read_answer(answer(body, kind, status))
        assert ran.good or ran.why


def test_samples_are_examples_then_defaults() -> None:
    variables = {
        "a": {"type": "string", "examples": ["x"], "default": "y"},
        "b": {"default": 3},
        "c": {"type": "string"},
    }

    assert samples_of(variables) == {"a": "x", "b": "3", "c": ""}
    assert samples_of({"a": 7}) == {"a": ""}
    assert samples_of([1]) == {}


def test_values_are_read_by_their_types_and_empty_ones_are_not_sent() -> None:
    variables = {"n": {"type": "integer"}, "t": {"type": "string"}, "e": {"type": "string"}, "w": {"type": "array"}}
    typed = {"s_n": ["7"], "s_t": ["7\r\n8"], "s_e": [" "], "s_w": ["no list"]}
    errors: dict[str, str] = {}

    assert values_of(typed, variables, errors) == {"n": 7, "t": "7\n8"}
    assert list(errors) == ["s_w"]
