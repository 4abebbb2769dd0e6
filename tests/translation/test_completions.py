"""A prompt reaches every dialect of conversations, and every recorded answer is a completion to who asked for one."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tests.support.corpus import Case, corpus_folders
from tests.support.shapes import openai_problems, sse_data
from tests.translation.dialects import FOLDERS, SOURCES, recorded

from tollbridge.errors import Untranslatable
from tollbridge.formats import AnyEvent, Broken, Conversation, Envelope, Response, Text, fold, unfold
from tollbridge.formats import Refusal as Declined
from tollbridge.testing.conversation_contract import notes, talk
from tollbridge_openai.completions_codec import COMPLETIONS_CODEC

CODEC = COMPLETIONS_CODEC
SHAPE = "CreateCompletionResponse"
TARGET = pytest.mark.parametrize("target", [source.codec for source in SOURCES.values()], ids=list(SOURCES))
ASKED = CODEC.read_request(
    b'{"model":"m","prompt":"Once","stream_options":{"include_usage":true}}', Envelope("m"), notes()
)
folders = corpus_folders(*FOLDERS)


@TARGET
@corpus_folders("dev/openai_completions", "dev/azure_openai_completions")
def test_recorded_prompts_are_asked_of_every_dialect_or_refused_by_name(
    cases: Sequence[Case], target: Conversation
) -> None:
    refused: set[str | None] = set()
    for case in cases:
        request = CODEC.read_request(json.dumps(case.request).encode(), Envelope("m"), notes())
        try:
            body = target.write_request(request, notes())
        except Untranslatable as untold:
            refused.add(untold.param)
            continue
        heard = target.read_request(body, Envelope(request.model, stream=bool(request.stream)), notes())
        assert talk(heard) == talk(request), case.name
        assert heard.max_output in (case.request.get("max_tokens"), 16), case.name  # 16 is the least of Responses, too

    assert refused <= {"prompt", "answers"}


def words(response: Response) -> list[str]:
    """Give what each answer says."""
    said = [[part.text for part in choice.parts if isinstance(part, Text | Declined)] for choice in response.choices]
    return list(map("".join, said))


def answers(cases: Sequence[Case]) -> Iterator[tuple[Case, Response, list[AnyEvent]]]:
    """Give the recorded answers, each with its events; an error is none."""
    for case in filter(recorded, cases):
        source = FOLDERS[case.folder]
        events = source.events(case)
        if events is not None and any(isinstance(event, Broken) for event in events):
            continue
        response = source.answer(case)
        if response is not None:
            yield case, response, list(unfold(response)) if events is None else events


@folders
def test_recorded_answers_are_completions_that_say_the_same(cases: Sequence[Case]) -> None:
    problems: dict[str, Any] = {}
    for case, response, events in answers(cases):
        whole = CODEC.write_response(response, ASKED, notes())
        writer = CODEC.stream_writer(ASKED, notes())
        stream = b"".join(writer.write(event) for event in events)
        reader = CODEC.stream_reader(notes())
        folded = fold([*reader.feed(stream), *reader.feed(b"")])
        found = [openai_problems(SHAPE, json.loads(body)) for body in (whole, *sse_data(stream))]
        same = words(CODEC.read_response(whole, notes())) == words(folded) == words(response)
        if any(found) or not same or folded.usage != CODEC.read_response(whole, notes()).usage:
            problems[case.name] = (found, words(folded), words(response))

    assert problems == {}
