"""The canonical model as a dialect keeps the laws of every dialect, and loses nothing."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from tollbridge.asking.canonical import ASK, CODEC, DIALECT, envelope_of, read_answer, write_question
from tollbridge.errors import BadRequest, Denied, InternalError, RateLimited, UpstreamError
from tollbridge.formats import Conversation, Media, MediaKind, Message, Request, Response, Role, Text, Tool, ToolResult
from tollbridge.formats.events import Begin, Broken, Delta, Ping
from tollbridge.formats.fold import fold, unfold
from tollbridge.metering.estimate import ATTACHMENT, TOOLS
from tollbridge.testing.conversation_contract import ConversationContract
from tollbridge.testing.conversations import events_of, notes, requests, responses

PNG = "iVBORw0KGgoAAAANSUhEUgAA" + "A" * 4_000


def error_body(status: int) -> bytes:
    return msgspec.json.encode({"error": {"status": status, "code": "x", "message": "that is too bad"}})


class TestCanonical(ConversationContract):
    codec: Conversation = CODEC
    error_body = staticmethod(error_body)


def asked(*parts: object, **fields: object) -> Request:
    return Request(origin="x", model="m", messages=(Message(role=Role.USER, parts=parts),), **fields)


@given(requests())
def test_request_comes_back_as_it_was(request: Request) -> None:
    body = write_question(request)

    assert CODEC.read_request(body, DIALECT.read_envelope(ASK, ASK.path, body), notes(strict=True)) == request


@given(responses())
def test_answer_and_its_events_come_back_as_they_were(response: Response) -> None:
    events = list(unfold(response))
    writer = CODEC.stream_writer(asked(), notes())

    assert read_answer(CODEC.write_response(response, asked(), notes())) == response
    read = events_of(CODEC.stream_reader(notes()), b"".join(map(writer.write, events)), 7)
    assert read == events
    assert fold(read) == fold(events)


def test_what_was_not_said_is_not_written() -> None:
    body = write_question(asked(Text(text="hi"), temperature=Decimal("0.70")))

    assert body == (
        b'{"origin":"x","model":"m","messages":[{"role":"user","parts":[{"type":"text","text":"hi"}]}],'
        b'"temperature":0.70}'
    )


def test_error_comes_back_with_its_class_and_words() -> None:
    error = RateLimited("slow down", code="too_fast", param="model", retry_after_s=2.5)

    read = CODEC.read_error(429, DIALECT.write_error(error, "req_1"))
    (broken,) = CODEC.stream_reader(notes()).feed(DIALECT.write_error_event(error, "req_1"))

    assert isinstance(broken, Broken)
    for again in (read, broken.error):
        assert type(again) is RateLimited
        assert (again.message, again.code, again.param, again.retry_after_s) == ("slow down", "too_fast", "model", 2.5)


def test_event_of_an_error_can_be_written_too() -> None:
    written = CODEC.stream_writer(asked(), notes()).write(Broken(error=Denied("no", code="mine")))

    assert written == DIALECT.write_error_event(Denied("no", code="mine"), "req_1")


def test_question_comes_back_from_its_envelope() -> None:
    request = asked(Text(text="hello"))

    read = DIALECT.read_envelope(ASK, ASK.path, write_question(request))

    assert (read.model, read.stream) == ("m", False)
    assert CODEC.read_request(write_question(request), read, notes(strict=True)) == request


def test_comments_between_events_are_passed_over_and_signs_of_life_are_events() -> None:
    stream = b": x-tollbridge-dropped: top_k\n\n" + DIALECT.keep_alive

    assert CODEC.stream_reader(notes()).feed(stream) == [Ping()]


@pytest.mark.parametrize("stream", [b"data: nonsense\n\n", b'data: {"type":"nothing"}\n\n', b"data: \xff\n\n"])
def test_event_that_is_none_is_an_error_of_the_answer(stream) -> None:
    with pytest.raises(UpstreamError, match="an event of the answer"):
        CODEC.stream_reader(notes()).feed(stream)


def test_question_that_no_json_can_hold_is_refused() -> None:
    deep: object = "."
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(BadRequest, match="nested too deep"):
        write_question(asked(metadata=deep))
    with pytest.raises(BadRequest, match="surrogate"):
        write_question(asked(Text(text="\ud800")))
    with pytest.raises(TypeError, match="complex is no part"):
        write_question(asked(metadata=1j))


def test_answer_that_is_nested_too_deep_is_an_error_of_the_answer() -> None:
    deep: object = "."
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(UpstreamError, match="nested too deep"):
        CODEC.write_response(Response(origin="x", wire_usage=deep), asked(), notes())


def test_envelope_says_what_a_call_can_use_at_most() -> None:
    request = asked(Text(text="hi"), max_output=100, answers=3, stream=True)
    body = write_question(request)

    found = envelope_of(request, body)

    assert (found.model, found.stream, found.answers) == ("m", True, 3)
    assert (found.input_bound, found.max_output) == (len(body), 300)
    assert envelope_of(replace(request, max_output=None), body).max_output is None


@pytest.mark.parametrize("name", ["answers", "max_output"])
def test_number_below_one_is_refused_by_its_name(name) -> None:
    with pytest.raises(BadRequest, match=f"'{name}' must be at least 1") as refused:
        envelope_of(asked(**{name: 0}), b"")

    assert refused.value.param == name


def test_attachments_count_by_their_kind_those_in_results_of_tools_too() -> None:
    picture = Media(kind=MediaKind.IMAGE, data=PNG, mime="image/png")
    request = asked(
        picture,
        Media(kind=MediaKind.FILE, text="words"),
        ToolResult(call_id="1", content=(Media(kind=MediaKind.IMAGE, url="https://x"), Text(text="seen"))),
        tools=(Tool(name="look"),),
    )
    body = write_question(request)

    found = envelope_of(request, body).input_bound

    assert found == len(body) - len(PNG) + 2 * ATTACHMENT + TOOLS


@pytest.mark.parametrize("name", ["readdress", "answer_reader", "write_models", "write_model", "claims"])
def test_what_only_callers_from_outside_need_is_never_asked_for(name) -> None:
    with pytest.raises(InternalError, match="never leaves the process"):
        getattr(DIALECT, name)(b"", streamed=True)


def test_order_of_events_is_kept_at_every_cut() -> None:
    writer = CODEC.stream_writer(asked(), notes())
    events = [Begin(origin="x"), Delta(text="a\n\nb", index=0), Ping()]
    stream = b"".join(map(writer.write, events))

    for size in range(1, len(stream) + 1):
        assert events_of(CODEC.stream_reader(notes()), stream, size) == events
