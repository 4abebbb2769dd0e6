"""Work on bodies and streams that repeat one thing many times grows with their length, and no faster.

Where each step looked at all before it, these took from seconds to minutes.
"""

import json
from collections.abc import Callable
from typing import Any

from tests.providers.gemini.support import ELSE, notes
from tests.support.growth import assert_linear

from tollbridge.formats import Envelope, Reasoning, State
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.codec import GENERATE_CODEC
from tollbridge_gemini.grounding import Said, gather
from tollbridge_gemini.partial import PartialArgs
from tollbridge_gemini.signatures import pack_thought


def test_results_in_the_reverse_order_of_their_calls_find_them() -> None:
    def answering(count: int) -> Callable[[], object]:
        def work() -> None:
            ids = CallIds("c")
            for place in range(count):
                ids.call(f"id{place}", "f")
            assert [ids.result(f"id{place}", "f") for place in reversed(range(count))][-1] == "id0"

        return work

    assert_linear(answering, 2_000)


def test_results_without_ids_find_their_calls() -> None:
    def answering(count: int) -> Callable[[], object]:
        def work() -> None:
            ids = CallIds("c")
            made = [ids.call(None, "f") for _ in range(count)]
            assert [ids.result(None, "f") for _ in range(count)] == made

        return work

    assert_linear(answering, 3_000)


def test_thinking_that_was_packed_many_times_is_read() -> None:
    packed = pack_thought(Reasoning(text="x", state=State(ELSE, {"signature": "s"})), notes().seal)

    def reading(count: int) -> Callable[[], object]:
        parts = [{"text": "x", "thought": True, "thoughtSignature": packed}] * count
        body = json.dumps({"contents": [{"role": "model", "parts": parts}]}).encode()

        def work() -> None:
            request = GENERATE_CODEC.read_request(body, Envelope("m"), notes())
            assert len(request.messages[0].parts) == count

        return work

    assert_linear(reading, 400)


def test_segments_of_a_long_text_are_placed() -> None:
    def reading(count: int) -> Callable[[], object]:
        support = {"segment": {"endIndex": 50 * count}, "groundingChunkIndices": [0]}
        grounding = {"groundingChunks": [{"web": {"uri": "u"}}], "groundingSupports": [support] * count}
        content = {"role": "model", "parts": [{"text": "ü" * 10 * count + "x" * 50 * count}]}
        body = json.dumps({"candidates": [{"content": content, "groundingMetadata": grounding}]}).encode()

        def work() -> None:
            response = GENERATE_CODEC.read_response(body, notes())
            assert len(response.choices[0].parts[0].citations) == count  # type: ignore[union-attr]  # a text

        return work

    assert_linear(reading, 400)


def test_pieces_of_what_an_answer_rests_on_go_on() -> None:
    def gathering(count: int) -> Callable[[], object]:
        def work() -> None:
            held: dict[str, Any] = {}
            for _ in range(count):
                gather(held, {"groundingMetadata": {"groundingChunks": [{}], "groundingSupports": [{}]}})
            assert len(held["groundingMetadata"]["groundingSupports"]) == count

        return work

    assert_linear(gathering, 2_000)


def test_parts_of_a_text_are_told_apart() -> None:
    def placing(count: int) -> Callable[[], object]:
        def work() -> None:
            said = Said()
            for place in range(count):
                said.begin(place)
                said.add("ab")
            assert [said.place(0, 1) for _ in range(count)][-1] == (0, 0, 1)

        return work

    assert_linear(placing, 1_500)


def test_segments_that_are_not_where_they_say_are_sought_a_bounded_number_of_times() -> None:
    said = Said()
    said.add("ab")

    assert [said.seek(b"b") for _ in range(1_001)] == [1] * 1_000 + [-1]


def test_text_of_an_argument_comes_in_many_pieces() -> None:
    def adding(count: int) -> Callable[[], object]:
        piece = [{"jsonPath": "$.a", "stringValue": "x" * 100, "willContinue": True}]

        def work() -> None:
            args = PartialArgs()
            for _ in range(count):
                args.add(piece)
            assert len(str(args.end()["a"])) == count * 100

        return work

    assert_linear(adding, 2_000)
