"""Predictions: invented, after https://replicate.com/docs/topics/predictions (read 2026-11)."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbridge import GatewayError, Usage
from tollbridge.errors import (
    BadRequest,
    ModelNotFound,
    RateLimited,
    Unavailable,
    UpstreamError,
    UpstreamTimeout,
    UpstreamTruncated,
)
from tollbridge.formats import (
    AnyEvent,
    Aside,
    Begin,
    Broken,
    Choice,
    ChoiceEnd,
    Delta,
    End,
    Envelope,
    KeyedSeal,
    Notes,
    PartBegin,
    Reasoning,
    Refusal,
    Request,
    Response,
    Stop,
    Text,
    ToolCall,
    Unfinished,
    UsageSeen,
    event_data,
    fold,
    split_events,
    unfold,
    write_event,
)
from tollbridge_replicate.answers import unfinished
from tollbridge_replicate.codec import PREDICTIONS_CODEC

CODEC = PREDICTIONS_CODEC
PREDICTION: dict[str, Any] = {
    "id": "zjq6szssxdrm20cgw0fsntgvbg",
    "model": "meta/meta-llama-3.1-405b-instruct",
    "version": "hidden",
    "input": {"prompt": "Hi", "max_tokens": 512},
    "logs": "",
    "output": ["Hel", "lo", "."],
    "data_removed": False,
    "error": None,
    "source": "api",
    "status": "succeeded",
    "created_at": "2026-11-20T15:04:21.227Z",
    "started_at": "2026-11-20T15:04:21.3Z",
    "completed_at": "2026-11-20T15:04:24.09Z",
    "urls": {"get": "https://api.replicate.com/v1/predictions/zjq", "cancel": "https://api.replicate.com/x"},
    "metrics": {"input_token_count": 26, "output_token_count": 84, "predict_time": 2.7},
}
ASKED = Request(origin="replicate-predictions", model="m", messages=())


def notes() -> Notes:
    return Notes(KeyedSeal(b"k"), now=1_700_000_000)


def read(body: Any) -> Response:
    return CODEC.read_response(json.dumps(body).encode(), notes())


def written(response: Response, request: Request = ASKED, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_response(response, request, told or notes()))


def events_of(body: bytes, size: int) -> list[AnyEvent]:
    reader = CODEC.stream_reader(notes())
    found = [event for at in range(0, len(body), size) for event in reader.feed(body[at : at + size])]
    return [*found, *reader.feed(b"")]


def test_pieces_of_output_are_one_text() -> None:
    response = read(PREDICTION)

    (choice,) = response.choices
    assert choice.parts == (Text(text="Hello."),)
    assert (choice.stop, choice.said) == (Stop.END, "succeeded")
    assert (response.id, response.model, response.created) == (PREDICTION["id"], PREDICTION["model"], 1_795_187_061)
    assert response.usage == Usage(input=26, output=84)


def test_prediction_is_written_as_it_was_read_but_for_its_pieces() -> None:
    assert written(read(PREDICTION)) == {**PREDICTION, "output": ["Hello."]}


@pytest.mark.parametrize("output", [None, ["a"], "a", {"a": 1}, ["a", 1], 5, [], ""])
def test_any_output_is_read(output: Any) -> None:
    response = read({**PREDICTION, "output": output})

    text = "".join(part.text for part in response.choices[0].parts if isinstance(part, Text))
    expected = {None: "", 5: "5"}.get(output) if output is None or output == 5 else None
    if isinstance(output, dict) or output == ["a", 1]:
        expected = json.dumps(output, separators=(",", ":"))
    assert text == ("".join(output) if expected is None else expected)


@pytest.mark.parametrize(
    ("metrics", "usage"),
    [
        ({"token_input_count": 3, "token_output_count": 4}, Usage(input=3, output=4)),
        ({"output_token_count": 4}, Usage(output=4)),
        ({"predict_time": 1.5}, None),
        ({"input_token_count": "3"}, None),
        ({"input_token_count": -3, "output_token_count": 1}, Usage(output=1)),
        ({"input_token_count": 1, "output_token_count": -3}, Usage(input=1)),
        (None, None),
        ([], None),
    ],
)
def test_counts_of_tokens_are_read_where_there_are_any(metrics: Any, usage: Usage | None) -> None:
    assert read({**PREDICTION, "metrics": metrics}).usage == usage


def test_as_many_tokens_as_were_allowed_mean_a_cut() -> None:
    cut = {**PREDICTION, "input": {"prompt": "Hi", "max_completion_tokens": 84}}

    assert read(cut).choices[0].stop is Stop.LENGTH
    assert read({**cut, "metrics": {}}).choices[0].stop is Stop.END
    assert read({**cut, "input": "x"}).choices[0].stop is Stop.END


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("failed", "prediction_failed"),
        ("canceled", "prediction_canceled"),
        ("aborted", "prediction_canceled"),
        ("odd", "prediction_failed"),
    ],
)
def test_prediction_that_did_not_succeed_is_an_upstream_error(status: str, code: str) -> None:
    with pytest.raises(UpstreamError, match="CUDA") as failed:
        read({**PREDICTION, "status": status, "error": "CUDA out of memory"})

    assert (failed.value.code, failed.value.status) == (code, 502)
    with pytest.raises(UpstreamError, match=f"its status is {status!r}"):
        read({**PREDICTION, "status": status, "error": None})


@pytest.mark.parametrize("status", ["starting", "processing"])
def test_prediction_that_is_not_done_is_a_timeout_and_says_where_to_ask_again(status: str) -> None:
    body = {**PREDICTION, "status": status, "output": None}

    with pytest.raises(UpstreamTimeout):
        read(body)
    assert unfinished(json.dumps(body).encode()) == Unfinished(
        "https://api.replicate.com/v1/predictions/zjq", "https://api.replicate.com/x"
    )


@pytest.mark.parametrize(
    ("output", "written"),
    [(["Hel", "lo"], 5), ("Hello", 5), ([], 0), (None, 0), (["a", 1], 0), ({"a": "b"}, 0), (5, 0)],
)
def test_letters_that_are_written_already_are_counted(output: Any, written: int) -> None:
    found = unfinished(json.dumps({**PREDICTION, "status": "processing", "output": output}).encode())

    assert found is not None
    assert found.written == written


def test_prediction_that_nothing_ends_can_be_asked_for_all_the_same() -> None:
    assert unfinished(b'{"status":"starting","urls":{"get":"https://a/b","cancel":1}}') == Unfinished("https://a/b")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        json.dumps(PREDICTION).encode(),
        b'{"status":"starting"}',
        b'{"status":"starting","urls":{"get":""}}',
        b'{"status":"starting","urls":[1]}',
    ],
)
def test_nothing_else_is_asked_for_again(body: bytes) -> None:
    assert unfinished(body) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"status":1}', b"\xff"])
def test_what_is_no_prediction_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_answer_of_another_origin_is_a_prediction_that_succeeded() -> None:
    told = notes()
    choice = Choice(
        parts=(Reasoning(text="hm"), Text(text="Hi"), Refusal(text="No"), ToolCall(id="c", name="f")),
        stop=Stop.LENGTH,
        said="max_tokens",
        extras={"a": 1},
    )
    response = Response(
        origin="other",
        id="x",
        model="m",
        choices=(choice, Choice(index=1)),
        usage=Usage(input=2, cache_read=1, output=4),
        extras={"b": 1},
    )
    request = CODEC.read_request(b'{"input":{"prompt":"Hi"}}', Envelope("m"), notes())

    body = written(response, request, told)

    assert body == {
        "id": "x",
        "model": "m",
        "input": {"prompt": "Hi"},
        "created_at": "2023-11-14T22:13:20+00:00",
        "version": "hidden",
        "urls": {},
        "logs": "",
        "output": ["Hi", "No"],
        "metrics": {"input_token_count": 3, "output_token_count": 4},
        "status": "succeeded",
        "error": None,
    }
    assert told.dropped == ("output.reasoning", "output.tool_call", "choices", "finish_reason", "choices[].a", "b")
    assert read(body).usage == Usage(input=3, output=4)


def test_time_no_calendar_has_is_now() -> None:
    response = Response(origin="other", choices=(Choice(),), created=10**18)

    assert written(response)["created_at"] == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize("said", ["yesterday", "2026-13-01T00:00:00Z", None, 5])
def test_time_that_is_none_stays_as_it_is(said: Any) -> None:
    body = {**PREDICTION, "created_at": said, "output": ["Hello."]}

    assert read(body).created is None
    assert written(read(body)) == body


def test_absent_usage_stays_absent() -> None:
    assert "metrics" not in written(Response(origin="other", choices=(Choice(),)))


def seen(*outputs: Any, **last: Any) -> bytes:
    """Give a stream of predictions that are being made, and of the one that is done."""
    making = [{**PREDICTION, "status": "processing", "metrics": {}, "logs": "...", "output": each} for each in outputs]
    return b"".join(write_event(json.dumps(each).encode()) for each in [*making, {**PREDICTION, **last}])


def deltas(events: Sequence[AnyEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Delta)]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_answer_comes_as_events_once_it_is_whole(size: int) -> None:
    assert fold(events_of(seen(), size)) == read(PREDICTION)


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_pieces_come_as_they_are_written_and_fold_to_the_whole_answer(size: int) -> None:
    events = events_of(seen(None, ["Hel"], ["Hel"], ["Hel", "l", "o"]), size)

    assert deltas(events) == ["Hel", "l", "o", "."]
    assert fold(events) == read(PREDICTION)
    assert [type(event) for event in events[-4:]] == [ChoiceEnd, Aside, UsageSeen, End]


def test_pieces_come_as_soon_as_they_are_seen_and_usage_only_at_the_end() -> None:
    reader = CODEC.stream_reader(notes())
    *making, last = split_events(seen(["He"], ["He", "llo"]))

    begun = [event for each in making for event in reader.feed(each)]

    created = read(PREDICTION).created
    assert begun == [
        Begin(origin=ASKED.origin, id=PREDICTION["id"], model=PREDICTION["model"], created=created),
        PartBegin(part=Text(text=""), index=0),
        Delta(text="He", index=0),
        Delta(text="llo", index=0),
    ]
    assert deltas(reader.feed(last)) == ["."]


@pytest.mark.parametrize(
    ("outputs", "pieces"),
    [
        ((["Hello"],), ["Hello", "."]),
        (("He", "Hello"), ["He", "llo", "."]),
        ((["He", "llo"], ["H", "el", "lo."]), ["He", "llo", "."]),
        ((["Hel"], ["Bye bye"], ["He"], ["Hello"]), ["Hel", "lo", "."]),
        ((["Hel"], [], {"a": 1}, 5, ["Hel", 1]), ["Hel", "lo", "."]),
        ((["Hello."],), ["Hello."]),
        (({"a": 1}, [1, 2]), ["Hello."]),
    ],
)
def test_output_that_does_not_go_on_from_what_was_given_waits_for_the_end(
    outputs: tuple[Any, ...], pieces: list[str]
) -> None:
    events = events_of(seen(*outputs), 50)

    assert deltas(events) == pieces
    assert fold(events) == read(PREDICTION)


def test_end_that_is_no_text_may_go_on_from_what_was_given() -> None:
    events = events_of(seen(['{"a":'], output={"a": 1}), 50)

    assert deltas(events) == ['{"a":', "1}"]
    assert fold(events) == read({**PREDICTION, "output": {"a": 1}})


@pytest.mark.parametrize("output", [["Bye."], ["Hel"], [], None, {"a": 1}, "hello."])
def test_end_that_takes_back_what_was_given_is_an_error_and_its_usage_is_told(output: Any) -> None:
    events = events_of(seen(["Hello"], output=output), 50)

    *_, used, broken = events
    assert isinstance(broken, Broken)
    assert (broken.error.status, broken.error.code) == (502, "prediction_changed")
    assert isinstance(used, UsageSeen)
    assert used.usage == Usage(input=26, output=84)
    assert deltas(events) == ["Hello"]


def test_failure_after_pieces_is_an_error() -> None:
    *given, broken = events_of(seen(["Hel"], status="failed", error="CUDA out of memory", metrics={}), 50)

    assert deltas(given) == ["Hel"]
    assert isinstance(broken, Broken)
    assert (broken.error.message, broken.error.code) == ("CUDA out of memory", "prediction_failed")


def test_stream_without_its_last_prediction_has_no_end() -> None:
    *making, last = split_events(seen(["Hel"], ["Hel", "lo"]))

    for cut in range(0, len(last) - len("}\n\n")):
        events = events_of(b"".join(making) + last[:cut], 10_000)
        assert deltas(events) == ["Hel", "lo"]
        assert not any(isinstance(event, End | Broken) for event in events)
    assert isinstance(events_of(b"".join(making) + last[:-2], 10_000)[-1], End)


@settings(max_examples=50)
@given(st.lists(st.text(max_size=4), max_size=9), st.lists(st.integers(0, 9), max_size=4), st.integers(1, 400))
def test_any_growth_folds_to_the_whole_answer_at_any_cut(pieces: list[str], looks: list[int], size: int) -> None:
    stream = seen(*(pieces[:count] for count in looks), output=pieces)

    assert fold(events_of(stream, size)) == read({**PREDICTION, "output": pieces})


def test_events_put_together_are_the_answer() -> None:
    response = read(PREDICTION)
    writer = CODEC.stream_writer(ASKED, notes())

    body = b"".join(writer.write(event) for event in unfold(response))

    (data,) = [event_data(event) for event in split_events(body)]
    assert data is not None
    assert json.loads(data) == written(response)
    assert fold(events_of(body, 3)) == CODEC.read_response(data, notes())


def test_stream_that_breaks_off_gives_nothing() -> None:
    assert events_of(b"", 1) == []
    assert events_of(b'data: {"status":"succ', 4) == []
    with pytest.raises(UpstreamError):
        events_of(b'data: {"status":"succ\n\n', 4)
    with pytest.raises(UpstreamTruncated):
        CODEC.stream_writer(ASKED, notes()).write(End())


def test_error_inside_a_stream_is_a_prediction_that_failed() -> None:
    writer = CODEC.stream_writer(ASKED, notes())

    body = writer.write(Begin(origin="other", id="x")) + writer.write(Broken(error=UpstreamError("too bad")))

    (broken,) = events_of(body, 5)
    assert isinstance(broken, Broken)
    assert (broken.error.message, broken.error.code) == ("too bad", "prediction_failed")
    assert json.loads(body.removeprefix(b"data: "))["id"] == "x"


def test_reader_says_no_more_after_its_end() -> None:
    reader = CODEC.stream_reader(notes())

    assert isinstance(reader.feed(seen())[-1], End)
    assert reader.feed(seen(["Hel"])) == []
    assert reader.feed(b"") == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, UpstreamError),
        (402, UpstreamError),
        (404, ModelNotFound),
        (422, BadRequest),
        (429, RateLimited),
        (500, UpstreamError),
        (503, Unavailable),
    ],
)
def test_error_has_its_class(status: int, kind: type[GatewayError]) -> None:
    body = {"title": "Input validation failed", "detail": "- input.prompt: is required", "status": status}

    error = CODEC.read_error(status, json.dumps(body).encode())

    assert type(error) is kind
    assert (error.message == body["detail"]) is (status not in (401, 402))


def test_error_names_the_input_that_does_not_fit() -> None:
    body = {"detail": "d", "invalid_fields": [{"type": "required", "field": "input.prompt", "description": "x"}]}

    assert CODEC.read_error(422, json.dumps(body).encode()).param == "input.prompt"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=120)
@given(
    st.dictionaries(st.sampled_from(tuple(PREDICTION)), ANY), st.sampled_from(("succeeded", "failed", "starting", 1))
)
def test_no_answer_breaks_the_codec(body: dict[str, Any], status: Any) -> None:
    with suppress(UpstreamError):
        response = read({**body, "status": status})
        written(response)
        written(Response(origin="other", choices=response.choices, created=response.created))


@settings(max_examples=50)
@given(st.binary(max_size=60), st.integers(100, 700))
def test_no_error_body_breaks_the_codec(body: bytes, status: int) -> None:
    assert isinstance(CODEC.read_error(status, body), GatewayError)
