"""Work on bodies and streams that repeat one thing many times grows with their length, and no faster.

Where each step looked at all before it, these took from 4 seconds to minutes; now they take less than one.
"""

import json
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest
from tests.providers.gemini.support import ELSE, notes

from tollbridge.formats import Envelope, Reasoning, State
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.codec import GENERATE_CODEC
from tollbridge_gemini.grounding import Said, gather
from tollbridge_gemini.partial import PartialArgs
from tollbridge_gemini.signatures import pack_thought

MOST_S = 3.0
MANY = 60_000


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    begun = process_time()
    yield
    assert process_time() - begun < MOST_S


def test_results_in_the_reverse_order_of_their_calls_find_them() -> None:
    ids = CallIds("c")
    for place in range(MANY):
        ids.call(f"id{place}", "f")

    assert [ids.result(f"id{place}", "f") for place in reversed(range(MANY))][-1] == "id0"


def test_results_without_ids_find_their_calls() -> None:
    ids = CallIds("c")
    made = [ids.call(None, "f") for _ in range(MANY)]

    assert [ids.result(None, "f") for _ in range(MANY)] == made


def test_thinking_that_was_packed_many_times_is_read() -> None:
    packed = pack_thought(Reasoning(text="x", state=State(ELSE, {"signature": "s"})), notes().seal)
    parts = [{"text": "x", "thought": True, "thoughtSignature": packed}] * 20_000
    body = json.dumps({"contents": [{"role": "model", "parts": parts}]}).encode()

    request = GENERATE_CODEC.read_request(body, Envelope("m"), notes())

    assert len(request.messages[0].parts) == len(parts)


def test_segments_of_a_long_text_are_placed() -> None:
    support = {"segment": {"endIndex": 1_000_000}, "groundingChunkIndices": [0]}
    grounding = {"groundingChunks": [{"web": {"uri": "u"}}], "groundingSupports": [support] * 20_000}
    content = {"role": "model", "parts": [{"text": "ü" * 200_000 + "x" * 1_000_000}]}
    body = json.dumps({"candidates": [{"content": content, "groundingMetadata": grounding}]}).encode()

    response = GENERATE_CODEC.read_response(body, notes())

    assert len(response.choices[0].parts[0].citations) == 20_000  # type: ignore[union-attr]  # a text


def test_pieces_of_what_an_answer_rests_on_go_on() -> None:
    held: dict[str, Any] = {}
    for _ in range(MANY):
        gather(held, {"groundingMetadata": {"groundingChunks": [{}], "groundingSupports": [{}]}})

    assert len(held["groundingMetadata"]["groundingSupports"]) == MANY


def test_parts_of_a_text_are_told_apart() -> None:
    said = Said()
    for place in range(MANY):
        said.begin(place)
        said.add("ab")

    assert [said.place(0, 1) for _ in range(MANY)][-1] == (0, 0, 1)


def test_segments_that_are_not_where_they_say_are_sought_a_bounded_number_of_times() -> None:
    said = Said()
    said.add("ab")

    assert [said.seek(b"b") for _ in range(1_001)] == [1] * 1_000 + [-1]


def test_text_of_an_argument_comes_in_many_pieces() -> None:
    args = PartialArgs()
    for _ in range(MANY):
        args.add([{"jsonPath": "$.a", "stringValue": "x" * 100, "willContinue": True}])

    assert len(str(args.end()["a"])) == MANY * 100
