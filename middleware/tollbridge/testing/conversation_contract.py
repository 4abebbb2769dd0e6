"""What every codec of conversations must do: subclass `ConversationContract`, say which, and run it."""

from collections.abc import Callable
from contextlib import nullcontext, suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge.errors import BadRequest, Untranslatable, UpstreamError, UpstreamTruncated
from tollbridge.formats.conversation import Request, Role
from tollbridge.formats.dialect import Envelope
from tollbridge.formats.events import Begin, Broken, ChoiceEnd, Delta, End, PartBegin, PartEnd
from tollbridge.formats.fold import fold, unfold
from tollbridge.formats.notes import NEUTRAL
from tollbridge.formats.parts import Reasoning, State, Text, ToolCall, ToolResult
from tollbridge.formats.response import Response
from tollbridge.formats.values import decode_json
from tollbridge.testing.conversations import bodies, events_of, notes, plain, requests, responses, said
from tollbridge.testing.peculiar import PeculiarBodies

SAYABLE = (
    "temperature",
    "top_p",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "stop",
    "parallel_tools",
    "metadata",
    "user",
)
"""Fields that come back as they were where a dialect can say them at all."""
CLASSES = (400, 403, 404, 408, 413, 422, 429, 500, 502, 503)

_law = settings(max_examples=60, suppress_health_check=[HealthCheck.differing_executors])
"""One law is run by several classes, each with a codec of its own; the examples that fail for one are tried for all."""
STRANGE = (b"", b"\xff", b"[]", b"null", b"<html>no</html>", b'{"error":3}', b'{"error":{}}')


class ConversationContract(PeculiarBodies):
    """The laws of `docs/translation.md` that one codec keeps by itself."""

    error_body: Callable[[int], bytes]
    """Gives the body of a refusal with this status, as the provider writes it, that says `too bad`."""

    def envelope(self, request: Request) -> Envelope:
        """Give the envelope of a request that was written: its model and whether it streams."""
        return Envelope(request.model, stream=bool(request.stream))

    def again(self, body: bytes, request: Request) -> Request:
        """Read a request that was written."""
        return self.codec.read_request(body, self.envelope(request), notes())

    def asked(self) -> Request:
        """Give the request of a caller of this dialect, who asked for everything."""
        return Request(origin=self.codec.name, model="m", messages=(), stream=True, stream_usage=True)

    def streamed(self, response: Response) -> bytes:
        """Write an answer as a stream."""
        writer = self.codec.stream_writer(self.asked(), notes())
        return b"".join(writer.write(event) for event in unfold(response))

    @_law
    @given(requests())
    def test_request_that_was_written_is_read_and_written_the_same(self, request: Request) -> None:
        body = self.codec.write_request(request, notes())
        kept = notes(strict=True)

        again = self.codec.write_request(self.again(body, request), kept)

        assert decode_json(again) == decode_json(body)
        assert not kept.dropped

    @_law
    @given(requests())
    def test_what_is_not_dropped_is_still_there(self, request: Request) -> None:
        left = notes()
        again = self.again(self.codec.write_request(request, left), request)

        for field in SAYABLE:
            value = getattr(request, field)
            dropped = any(name == field or name.startswith(f"{field}.") for name in left.dropped)
            dropped = dropped or NEUTRAL.get(field) == value
            assert value is None or dropped or getattr(again, field) == value, field
        assert talk(again) == talk(request)

    @_law
    @given(requests())
    def test_strict_refuses_what_would_be_dropped(self, request: Request) -> None:
        left = notes()
        self.codec.write_request(request, left)

        if left.dropped:
            with pytest.raises(Untranslatable) as refused:
                self.codec.write_request(request, notes(strict=True))
            assert refused.value.param
        else:
            self.codec.write_request(request, notes(strict=True))

    @_law
    @given(responses())
    def test_answer_says_the_same_when_it_is_read_again(self, response: Response) -> None:
        again = self.codec.read_response(self.codec.write_response(response, self.asked(), notes()), notes())

        assert said(again) == said(response)
        if again.usage is not None and response.usage is not None:
            assert again.usage.total == response.usage.total
            assert again.usage.server_tool_calls in (0, response.usage.server_tool_calls)

    @_law
    @given(responses(), st.integers(1, 64))
    def test_stream_folds_to_the_whole_answer_at_any_cut(self, response: Response, size: int) -> None:
        whole = self.codec.read_response(self.codec.write_response(response, self.asked(), notes()), notes())

        folded = fold(events_of(self.codec.stream_reader(notes()), self.streamed(response), size))

        assert said(folded) == said(whole)
        assert folded.usage == whole.usage
        assert states(folded) == states(whole)

    @_law
    @given(responses())
    def test_state_of_another_provider_comes_back_with_the_conversation(self, response: Response) -> None:
        for read in (
            self.codec.read_response(self.codec.write_response(response, self.asked(), notes()), notes()),
            fold(events_of(self.codec.stream_reader(notes()), self.streamed(response), 999)),
        ):
            assert [state.data for state in states(read)] == [state.data for state in states(response)]

    @_law
    @given(responses(), st.data())
    def test_stream_that_breaks_off_is_never_whole(self, response: Response, data: st.DataObject) -> None:
        stream = self.streamed(response)
        whole = events_of(self.codec.stream_reader(notes()), stream, len(stream))
        events = events_of(
            self.codec.stream_reader(notes()), stream[: data.draw(st.integers(0, len(stream) // 2))], 999
        )

        said_all = any(isinstance(event, ChoiceEnd) for event in events)  # the reason came early, as some send it
        with nullcontext() if said_all else pytest.raises(UpstreamTruncated):
            fold(events)
        assert sum(isinstance(event, End) for event in whole) == 1
        assert isinstance(whole[-1], End)

    @_law
    @given(responses())
    def test_events_come_in_order(self, response: Response) -> None:
        stream = self.streamed(response)
        events = events_of(self.codec.stream_reader(notes()), stream, 17)
        begun: set[int] = set()
        ended: set[int] = set()

        for event in events:
            if isinstance(event, PartBegin):
                assert event.index == len(begun)
                begun.add(event.index)
            elif isinstance(event, PartEnd | Delta):
                assert event.index in begun - ended
                if isinstance(event, PartEnd):
                    ended.add(event.index)
        assert begun == ended
        assert isinstance(events[0], Begin)

    @_law
    @given(bodies())
    @example(b'{"model": "m", "messages": [{"role": "user", "content": "hello"}]}')  # one that many can read
    def test_no_request_makes_it_fail_otherwise_than_by_saying_what_is_wrong(self, body: bytes) -> None:
        with suppress(BadRequest):
            request = self.codec.read_request(body, Envelope("m"), notes())
            self.codec.write_request(request, notes())
            self.codec.write_request(replace(request, origin="another"), notes())

    @_law
    @given(responses(), bodies() | st.binary(max_size=80))
    def test_no_answer_makes_it_fail_otherwise_than_by_saying_so(self, own: Response, other: bytes) -> None:
        for body in (self.codec.write_response(own, self.asked(), notes()), other):
            with suppress(UpstreamError):
                response = self.codec.read_response(body, notes())
                self.codec.write_response(response, self.asked(), notes())
                self.codec.write_response(replace(response, origin="another"), self.asked(), notes())

    @_law
    @given(responses(), bodies() | st.binary(max_size=80), st.integers(0, 2_000))
    def test_no_stream_makes_it_fail_otherwise_than_by_saying_so(
        self, response: Response, junk: bytes, place: int
    ) -> None:
        stream = self.streamed(response)
        place = min(place, len(stream))
        writer = self.codec.stream_writer(self.asked(), notes())
        with suppress(UpstreamError):
            for event in events_of(self.codec.stream_reader(notes()), stream[:place] + junk + stream[place:], 50):
                writer.write(event)

    @pytest.mark.parametrize("status", CLASSES)
    def test_error_of_the_provider_keeps_its_class(self, status: int) -> None:
        error = self.codec.read_error(status, type(self).error_body(status))

        assert error.status == status
        assert "too bad" in error.message

    @pytest.mark.parametrize(
        "body", [b"", b"\xff", b"[]", b"null", b"<html>no</html>", b'{"error":3}', b'{"error":{}}']
    )
    def test_error_that_cannot_be_read_is_one_all_the_same(self, body: bytes) -> None:
        for status in (400, 429, 500, 503):
            error = self.codec.read_error(status, body)

            assert error.status == status
            assert error.message

    def test_refused_credential_is_the_gateways_own_affair(self) -> None:
        error = self.codec.read_error(401, type(self).error_body(401))

        assert error.status == 502
        assert "too bad" not in error.message

    @_law
    @given(st.sampled_from((400, 429, 500, 503)))
    def test_error_inside_a_stream_ends_it(self, status: int) -> None:
        writer = self.codec.stream_writer(self.asked(), notes())
        error = self.codec.read_error(status, type(self).error_body(status))
        written = writer.write(Begin(origin="another", id="1", model="m")) + writer.write(Broken(error=error))

        events = events_of(self.codec.stream_reader(notes()), written, 10)

        assert isinstance(events[-1], Broken)
        assert not any(isinstance(event, End) for event in events)


def talk(request: Request) -> list[tuple[str, str]]:
    """Give who said what, in the order it was said, the same whatever dialect it went through."""
    heard: list[tuple[str, str]] = []
    for message in request.messages:
        role = Role.SYSTEM if message.role is Role.DEVELOPER else message.role
        for part in message.parts:
            if isinstance(part, Text):
                heard.append((role, part.text))
            elif isinstance(part, ToolCall):
                heard.append(("call", f"{part.name} {plain(part.arguments)}"))
            elif isinstance(part, ToolResult):
                heard.append((Role.TOOL, "".join(item.text for item in part.content if isinstance(item, Text))))
    return heard


def states(response: Response) -> list[State]:
    """Give the states that providers want back, those of reasoning only."""
    parts = [part for choice in response.choices for part in choice.parts]
    return [part.state for part in parts if isinstance(part, Reasoning) and part.state is not None]
