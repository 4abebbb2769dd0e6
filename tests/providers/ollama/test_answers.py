"""Answers in Ollama's words, whole and streamed.  Source: invented."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.ollama.support import CHAT, answer, folded, shown

from tollbridge import RateLimited, Unavailable, Usage
from tollbridge.errors import UpstreamError, UpstreamTruncated
from tollbridge.formats import (
    Aside,
    Begin,
    Broken,
    Choice,
    ChoiceEnd,
    Citation,
    Delta,
    Detail,
    End,
    Logprob,
    Media,
    MediaKind,
    Opaque,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    Request,
    Response,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    fold,
    unfold,
)
from tollbridge.testing.conversations import SEAL, bodies, events_of, notes

TIME = "2026-11-27T09:00:00.123456789Z"
HEAD = {"model": "m", "created_at": TIME}
LAST = {"done": True, "done_reason": "stop", "total_duration": 9, "prompt_eval_count": 3, "eval_count": 4}
ASKED = Request(origin="ollama-chat", model="alias", messages=())


def whole(message=None, **fields):
    return {**HEAD, "message": {"role": "assistant", "content": "", **(message or {})}, **LAST, **fields}


def piece(**message):
    return {**HEAD, "message": {"role": "assistant", "content": "", **message}, "done": False}


def foreign(*parts, **fields) -> Response:
    choice = Choice(parts=parts, **{name: fields.pop(name) for name in ("stop", "sequence") if name in fields})
    return Response(**{"origin": "openai-chat", "model": "x", "created": 0, "choices": (choice,), **fields})


TOKEN = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [{"token": "b", "logprob": -1}]}
CALL = {"id": "c1", "function": {"index": 0, "name": "f", "arguments": {"b": [1], "a": None}}}
OLD_CALL = {"function": {"name": "f", "arguments": {}}}

SAME = {
    "text": whole({"content": "hello"}),
    "thinking": whole({"content": "a", "thinking": "b"}),
    "calls": whole({"tool_calls": [CALL, {**OLD_CALL, "more": 1}]}),
    "picture": whole({"images": ["iVBORw0KGgo="]}),
    "probabilities": whole({"content": "a"}, logprobs=[TOKEN]),
    "probabilities of thinking": whole({"thinking": "a"}, logprobs=[TOKEN]),
    "odd probabilities": whole({"content": "a"}, logprobs=[{"token": 1}, 7]),
    "members of others": whole({"later": 1}, remote_model="r", remote_host="h"),
    "no counts": {**HEAD, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "load"},
    "no reason": {**HEAD, "message": {"role": "assistant", "content": "x"}, "done": True},
    "another role": whole({"role": "tool", "content": "x"}),
}


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_answer_is_written_as_it_was_read(body):
    assert shown(answer(body)) == body


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_answer_that_was_not_streamed_streams_to_itself(body):
    response = answer(body)
    writer = CHAT.stream_writer(ASKED, notes())
    stream = b"".join(writer.write(event) for event in unfold(response))

    assert fold(events_of(CHAT.stream_reader(notes()), stream, 5)) == response


@pytest.mark.parametrize(
    ("said", "stop"),
    [
        ("stop", Stop.END),
        ("length", Stop.LENGTH),
        ("load", Stop.OTHER),
        ("unload", Stop.OTHER),
        ("weary", Stop.OTHER),
        (None, Stop.END),
    ],
)
def test_reason_is_read(said, stop):
    body = whole({"content": "x"}, done_reason=said)

    assert answer(body).choices[0].stop is stop
    assert folded(body).choices[0].stop is stop


def test_calls_end_an_answer_in_the_words_of_others():
    assert answer(whole({"tool_calls": [CALL]})).choices[0].stop is Stop.TOOL_CALLS
    assert answer(whole({"tool_calls": [CALL]}, done_reason="length")).choices[0].stop is Stop.LENGTH


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (Stop.END, "stop"),
        (Stop.STOP_SEQUENCE, "stop"),
        (Stop.TOOL_CALLS, "stop"),
        (Stop.OTHER, "stop"),
        (None, "stop"),
        (Stop.LENGTH, "length"),
        (Stop.CONTEXT, "length"),
        (Stop.FILTER, "content_filter"),
        (Stop.REFUSAL, "refusal"),
        (Stop.PAUSE, "pause"),
        (Stop.BROKEN_CALL, "broken_call"),
    ],
)
def test_every_reason_of_others_is_said(stop, said):
    assert shown(foreign(Text(text="x"), stop=stop))["done_reason"] == said


@pytest.mark.parametrize("stop", [Stop.FILTER, Stop.REFUSAL, Stop.PAUSE, Stop.BROKEN_CALL, Stop.LENGTH])
def test_reason_that_was_said_is_read_again(stop):
    assert answer(shown(foreign(Text(text="x"), stop=stop))).choices[0].stop is stop


def test_answer_of_another_provider_is_one_of_ollama():
    usage = Usage(input=5, cache_read=2, output=3, reasoning=1)
    call = ToolCall(id="c", name="f", arguments='{"a":1}')
    response = foreign(Reasoning(text="hm"), Text(text="a"), Refusal(text="b"), call, usage=usage, wire_usage={"x": 1})

    assert shown(response) == {
        "model": "x",
        "created_at": "1970-01-01T00:00:00Z",
        "message": {
            "role": "assistant",
            "content": "ab",
            "thinking": "hm",
            "tool_calls": [{"id": "c", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}],
        },
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 7,
        "eval_count": 3,
    }


def test_answer_without_time_and_model_gets_the_calls():
    body = shown(Response(origin="another"))

    assert (body["model"], body["created_at"]) == ("m", "2023-11-14T22:13:20Z")
    assert "eval_count" not in body


@pytest.mark.parametrize(
    ("response", "dropped"),
    [
        (foreign(Opaque(kind="x", raw=1)), "message.server_tools"),
        (foreign(ServerCall(tool="web_search")), "message.server_tools"),
        (foreign(Media(kind=MediaKind.AUDIO, data="AA==")), "message.audio"),
        (foreign(Media(kind=MediaKind.IMAGE, url="https://x/y")), "message.image"),
        (foreign(Text(text="t", citations=(Citation(url="u"),))), "message.citations"),
        (foreign(stop=Stop.STOP_SEQUENCE, sequence="x"), "stop_sequence"),
        (foreign(extras={"system_fingerprint": "f"}), "system_fingerprint"),
        (foreign(choices=(Choice(), Choice(index=1, parts=(Text(text="b"),)))), "choices"),
    ],
)
def test_what_has_no_place_in_an_answer_is_noted(response, dropped):
    left, streaming = notes(), notes()
    shown(response, left)
    writer = CHAT.stream_writer(ASKED, streaming)
    for event in unfold(response):
        writer.write(event)

    assert left.dropped == (dropped,)
    assert streaming.dropped == (dropped,)


def test_state_of_another_provider_is_behind_the_first_call_and_beside_the_thinking():
    state = State("anthropic-messages", {"signature": "s"})
    calls = (ToolCall(id="c1", name="f"), ToolCall(id="c2", name="g"))
    message = shown(foreign(Reasoning(text="hm", state=state), *calls))["message"]

    assert message["tool_calls"][0]["id"].startswith("c1__tb1")
    assert message["tool_calls"][1]["id"] == "c2"
    assert message["thinking_signature"].startswith("tb1")


def test_thinking_without_words_is_streamed_as_what_must_come_back():
    state = State("openai-responses", {"encrypted": "e"})
    writer = CHAT.stream_writer(ASKED, notes())
    stream = b"".join(writer.write(event) for event in unfold(foreign(Reasoning(state=state), Text(text="a"))))

    part = fold(events_of(CHAT.stream_reader(notes()), stream, 3)).choices[0].parts[0]

    assert part == Reasoning(state=state)


class _FullSeal:
    def pack(self, state):
        return None

    unpack = SEAL.unpack


def test_state_too_large_to_be_taken_along_is_noted():
    left = notes()
    left.seal = _FullSeal()

    shown(foreign(Reasoning(text="hm", state=State("x", {}))), left)

    assert left.dropped == ("message.thinking.state",)


def test_counts_that_say_nothing_are_no_usage():
    assert answer(SAME["no counts"]).usage is None
    assert answer(whole(prompt_eval_count=None)).usage == Usage(output=4)
    assert answer(whole(prompt_eval_count="many")).usage == Usage(output=4)
    assert answer(whole(prompt_eval_count=-1)).usage == Usage(output=4)


def test_picture_of_an_image_model_is_read_and_one_that_is_none_is_left():
    (part,) = answer(whole({"image": "iVBORw0KGgo="})).choices[0].parts

    assert isinstance(part, Media)
    assert shown(answer(whole({"images": [1]}))) == whole({"images": [1]})


@pytest.mark.parametrize(
    "body", [b"", b"no", b"[]", b"{}", b'{"message":1}', b'{"error":"broken"}', b'{"error":{"message":"x"}}']
)
def test_what_is_no_answer_is_refused(body):
    with pytest.raises(UpstreamError):
        CHAT.read_response(body, notes())


# streams


def test_stream_is_read_part_by_part():
    response = folded(
        piece(thinking="h"),
        piece(thinking="m", content=""),
        piece(content="He"),
        piece(content="llo"),
        piece(tool_calls=[CALL]),
        piece(tool_calls=[{**OLD_CALL, "function": {**OLD_CALL["function"], "index": 1}}]),
        whole(remote_model="r"),
    )

    thought, text, first, second = response.choices[0].parts
    assert (thought, text) == (Reasoning(text="hm"), Text(text="Hello"))
    assert (first.id, first.arguments) == ("c1", '{"b":[1],"a":null}')
    assert second.id.endswith("_1")
    assert response.choices[0].stop is Stop.TOOL_CALLS
    assert response.usage == Usage(input=3, output=4)
    assert response.extras == {"remote_model": "r"}


def test_thinking_ends_where_the_text_begins_and_the_text_with_the_answer():
    lines = (piece(thinking="a"), piece(content="b"), piece(tool_calls=[CALL]), piece(content="c"), whole())
    stream = b"".join(json.dumps(line).encode() + b"\r\n\r\n" for line in lines)

    kinds = [
        (type(event), getattr(event, "index", None)) for event in events_of(CHAT.stream_reader(notes()), stream, 4)
    ]

    assert kinds == [
        (Begin, None),
        (PartBegin, 0),
        (Delta, 0),
        (PartEnd, 0),
        (PartBegin, 1),
        (Delta, 1),
        (PartBegin, 2),
        (Delta, 2),
        (PartEnd, 2),
        (Delta, 1),
        (PartEnd, 1),
        (ChoiceEnd, None),
        (UsageSeen, None),
        (End, None),
    ]


def test_probabilities_wait_for_the_text_they_belong_to():
    token = Logprob("a", -1)
    wire = {"token": "a", "logprob": -1}

    response = folded({**piece(), "logprobs": [wire]}, {**piece(content="a"), "logprobs": [wire]}, whole())

    assert response.choices[0].parts == (Text(text="a", logprobs=(token, token)),)


def test_last_line_needs_no_end():
    reader = CHAT.stream_reader(notes())

    events = [*reader.feed(json.dumps(whole({"content": "x"})).encode()), *reader.feed(b"")]

    assert fold(events).choices[0].parts == (Text(text="x"),)


@pytest.mark.parametrize("rest", [b"", b'{"model":"m","mess', b'"x', b"{}garbage"])
def test_stream_that_breaks_off_has_no_end(rest):
    reader = CHAT.stream_reader(notes())
    events = [*reader.feed(json.dumps(piece(content="x")).encode() + b"\n" + rest), *reader.feed(b"")]

    with pytest.raises(UpstreamTruncated):
        fold(events)


def test_what_follows_the_end_is_left_out():
    stream = json.dumps(whole()).encode() + b"\n" + json.dumps(piece(content="x")).encode() + b"\n"

    assert isinstance(events_of(CHAT.stream_reader(notes()), stream, 9)[-1], End)


@pytest.mark.parametrize(
    ("line", "status"), [({"error": "too bad"}, 500), ({"error": "too bad", "status": 429}, 429), ({"error": {}}, 500)]
)
def test_error_line_ends_the_stream(line, status):
    stream = json.dumps(piece(content="x")).encode() + b"\n" + json.dumps(line).encode() + b"\n"

    last = events_of(CHAT.stream_reader(notes()), stream, 3)[-1]

    assert isinstance(last, Broken)
    assert last.error.status == status


def test_first_line_that_is_none_is_no_stream_and_a_later_one_ends_it():
    for junk in (b"<html>\n", b"[]\n", b"\xff\n"):
        with pytest.raises(UpstreamError):
            CHAT.stream_reader(notes()).feed(junk)

        reader = CHAT.stream_reader(notes())
        events = reader.feed(json.dumps(piece(content="x")).encode() + b"\n" + junk)
        assert isinstance(events[-1], Broken)
        assert reader.feed(b"more\n") == []


def test_line_that_nobody_knows_passes_in_its_own_dialect():
    (event,) = CHAT.stream_reader(notes()).feed(b' {"status": "thinking"} \r\n')

    assert isinstance(event, Unknown)
    assert CHAT.stream_writer(ASKED, notes()).write(event) == b'{"status": "thinking"}\n'
    other = Unknown(dialect="openai-chat", name="", data=b"x")
    assert CHAT.stream_writer(ASKED, notes()).write(other) == b""


def test_stream_is_written_in_lines_as_clients_know_them():
    writer = CHAT.stream_writer(ASKED, notes())
    call = ToolCall(id="c", name="f", arguments='{"a":1}')
    response = foreign(
        Reasoning(text="hm"), Text(text="hi"), call, stop=Stop.TOOL_CALLS, usage=Usage(input=1, output=2)
    )

    lines = [json.loads(line) for line in b"".join(map(writer.write, unfold(response))).splitlines()]

    head = {"model": "x", "created_at": "1970-01-01T00:00:00Z"}
    called = [{"id": "c", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}]
    assert lines == [
        {**head, "message": {"role": "assistant", "content": "", "thinking": "hm"}, "done": False},
        {**head, "message": {"role": "assistant", "content": "hi"}, "done": False},
        {**head, "message": {"role": "assistant", "content": "", "tool_calls": called}, "done": False},
        {
            **head,
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": 1,
            "eval_count": 2,
        },
    ]


def test_sign_of_life_is_a_line_without_words():
    writer = CHAT.stream_writer(ASKED, notes())

    line = json.loads(writer.write(Ping()))

    assert (line["model"], line["message"]["content"], line["done"]) == ("alias", "", False)
    assert CHAT.stream_reader(notes()).feed(json.dumps(line).encode() + b"\n") == [
        Begin(origin="ollama-chat", model="alias", created=1_700_000_000)
    ]


def test_state_that_comes_after_a_call_began_is_behind_its_id():
    writer = CHAT.stream_writer(ASKED, notes())
    events = [
        Begin(origin="gemini", model="g"),
        PartBegin(part=ToolCall(id="c", name="f"), index=0),
        Detail(index=0, state=State("gemini", {"a": 1})),
        Detail(index=0, state=State("gemini", {"b": 2})),
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.TOOL_CALLS),
        End(),
    ]

    line = json.loads(b"".join(map(writer.write, events)).splitlines()[0])

    assert line["message"]["tool_calls"][0]["id"].startswith("c__tb1")


def test_broken_stream_is_written_as_an_error_line():
    writer = CHAT.stream_writer(ASKED, notes())

    assert writer.write(Broken(error=Unavailable("later"))) == b'{"error":"later"}\n'


def test_what_each_line_says_again_is_told_once():
    reader = CHAT.stream_reader(notes())
    line = b'{"message":{"content":"a"},"done":false,"x":%d}\n'

    events = [*reader.feed(line % 1), *reader.feed(line % 1), *reader.feed(line % 2)]

    assert [event.extras for event in events if isinstance(event, Begin | Aside)] == [{"x": 1}, {"x": 2}]


@settings(max_examples=40)
@given(st.lists(bodies(), max_size=4), st.integers(1, 40))
def test_any_lines_are_read_the_same_at_every_cut(lines, size):
    stream = b"\n".join(lines)

    def outcome(step):
        try:
            return str(events_of(CHAT.stream_reader(notes()), stream, step))
        except UpstreamError as exc:
            return str(exc)

    assert outcome(size) == outcome(10_000) or "is no" in outcome(10_000)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (404, {"error": "model 'x' not found"}, "model_not_found", "model 'x' not found"),
        (429, {"error": "slow down"}, "rate_limit_exceeded", "slow down"),
        (400, {"error": {"message": "no", "code": "bad"}}, "bad", "no"),
        (500, {"detail": "x"}, "upstream_error", "the provider answered 500"),
    ],
)
def test_refusal_of_the_server_is_read(status, body, kind, message):
    error = CHAT.read_error(status, json.dumps(body).encode())

    assert (error.status, error.code, error.message) == (status, kind, message)
    assert status != 429 or isinstance(error, RateLimited)


def test_words_never_end_a_line_for_clients_that_cut_at_more_than_line_feeds():
    writer = CHAT.stream_writer(ASKED, notes())
    text = "a\u0085b\u2028c\u2029d\x0be"

    lines = b"".join(map(writer.write, unfold(foreign(Text(text=text))))).decode().splitlines()

    assert [json.loads(line)["message"]["content"] for line in lines] == [text, ""]


def test_part_that_is_said_anew_counts_as_it_is_now():
    writer = CHAT.stream_writer(ASKED, notes())
    events = [
        Begin(origin="x", model="m"),
        PartBegin(part=ToolCall(id="a", name="f"), index=0),
        Replaced(part=ToolCall(id="b", name="g", arguments='{"a":1}'), index=0),
        Detail(index=0, citations=(Citation(url="u"),)),
        Aside(extras={"x": 1}),
        PartEnd(index=0),
        ChoiceEnd(stop=None),
        End(),
    ]

    line = json.loads(b"".join(map(writer.write, events)).splitlines()[0])

    assert [call["id"] for call in line["message"]["tool_calls"]] == ["b"]


def test_later_members_of_an_answer_stay_in_its_own_dialect():
    writer = CHAT.stream_writer(ASKED, notes())
    lines = (piece(content="x"), {**piece(content="y"), "late": 1}, whole())
    stream = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    events = events_of(CHAT.stream_reader(notes()), stream, 9)

    again = [json.loads(line) for line in b"".join(map(writer.write, events)).splitlines()]

    assert "late" not in again[0]
    assert [line.get("late") for line in again[1:]] == [1, 1]
