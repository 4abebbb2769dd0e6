"""Legacy completions keep the laws of every codec, for what a prompt and its completion can hold."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge.formats import Conversation, Message, Request, Response, Role, Stop, Text
from tollbridge.testing.conversation_contract import ConversationContract, notes, states
from tollbridge.testing.conversations import requests, responses, words
from tollbridge_openai.completions_codec import COMPLETIONS_CODEC


def error_body(status: int) -> bytes:
    return json.dumps({"error": {"message": "that is too bad", "type": "x", "param": None, "code": None}}).encode()


def question(request: Request, text: str) -> Request:
    """Give a request that asks one question, with nothing beside it that no prompt can hold."""
    message = Message(role=Role.USER, parts=(Text(text=text),))
    return replace(request, messages=(message,), tools=None, choice=None, parallel_tools=None, format=None)


def statement(response: Response, text: str) -> Response:
    """Give an answer that is words alone."""
    (choice,) = response.choices
    stop = Stop.END if choice.stop is Stop.TOOL_CALLS else choice.stop
    return replace(response, choices=(replace(choice, parts=(Text(text=text),), stop=stop),))


asked = st.builds(question, requests(), words)
told = st.builds(statement, responses(), words)


def of(law: str, *generated: st.SearchStrategy[Any]) -> Any:
    """Give one law of the contract for other examples than its own."""
    proof = getattr(ConversationContract, law).hypothesis.inner_test
    return settings(max_examples=60)(given(*generated)(proof))


@settings(max_examples=60)
@given(responses())
def law_of_thought(self: ConversationContract, response: Response) -> None:
    """Prove what holds instead: thinking has no place in a completion, and neither has its state."""
    left = notes()

    self.codec.write_response(response, self.asked(), left)

    assert ("choices[].reasoning" in left.dropped) is bool(states(response))


class TestCompletions(ConversationContract):
    codec: Conversation = COMPLETIONS_CODEC
    error_body = staticmethod(error_body)

    test_request_that_was_written_is_read_and_written_the_same = of(
        "test_request_that_was_written_is_read_and_written_the_same", asked
    )
    test_what_is_not_dropped_is_still_there = of("test_what_is_not_dropped_is_still_there", asked)
    test_strict_refuses_what_would_be_dropped = of("test_strict_refuses_what_would_be_dropped", asked)
    test_answer_says_the_same_when_it_is_read_again = of("test_answer_says_the_same_when_it_is_read_again", told)
    test_stream_folds_to_the_whole_answer_at_any_cut = of(
        "test_stream_folds_to_the_whole_answer_at_any_cut", told, st.integers(1, 64)
    )
    test_state_of_another_provider_comes_back_with_the_conversation = law_of_thought
    test_stream_that_breaks_off_is_never_whole = of("test_stream_that_breaks_off_is_never_whole", told, st.data())
    test_events_come_in_order = of("test_events_come_in_order", told)
