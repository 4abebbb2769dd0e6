"""Every recorded answer, told in every client dialect, is what that dialect's vendor says an answer is."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.corpus import Case, corpus_folders
from tests.support.shapes import EVENT, WHOLE, sse_data
from tests.translation.dialects import CLIENTS, FOLDERS, Source, asked_by, recorded

from tollbridge.formats import AnyEvent, Broken, Conversation, Envelope, Response, ToolCall, fold, unfold
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import said

CLIENT = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
folders = corpus_folders(*FOLDERS)


def answers(cases: Sequence[Case]) -> Iterator[tuple[Case, Source, Response]]:
    """Give the recorded answers, each read in its own dialect; an error is none."""
    for case in filter(recorded, cases):
        source = FOLDERS[case.folder]
        response = source.answer(case)
        if response is not None:
            yield case, source, response


def heard(response: Response) -> Any:
    """Give what is said in the first answer."""
    told = said(replace(response, choices=response.choices[:1]))
    return told["text"], told["calls"]


def tellable(response: Response, client: Conversation) -> bool:
    """Whether such an answer comes to a client: none calls a tool with free text for one that cannot have asked so."""
    parts = [part for choice in response.choices for part in choice.parts]
    return client.free_text or not any(isinstance(part, ToolCall) and part.custom for part in parts)


@CLIENT
@folders
def test_answers_in_another_dialect_fit_its_schema_and_say_the_same(
    cases: Sequence[Case], client: Conversation
) -> None:
    problems = {}
    for case, source, response in answers(cases):
        if source.codec.name == client.name or not tellable(response, client):
            continue  # the bytes pass
        written = client.write_response(response, asked_by(client, source, case), notes())
        again = client.read_response(written, notes())
        found: list[Any] = list(WHOLE[client.name](written))
        if again.usage is not None and response.usage is not None and again.usage.total != response.usage.total:
            found.append((again.usage, response.usage))
        if heard(again) != heard(response):
            found.append((heard(again), heard(response)))
        if found:
            problems[case.name] = found

    assert problems == {}


@CLIENT
@folders
def test_streams_in_another_dialect_fit_its_schema_and_fold_to_the_same(
    cases: Sequence[Case], client: Conversation
) -> None:
    problems = {}
    for case in filter(recorded, cases):
        source = FOLDERS[case.folder]
        if source.codec.name == client.name:
            continue
        found = streamed_problems(case, source, client)
        if found:
            problems[case.name] = found

    assert problems == {}


def streamed_problems(case: Case, source: Source, client: Conversation) -> list[Any]:
    given: list[AnyEvent] | None = source.events(case)
    if given is None:
        response = source.answer(case)
        if response is None:
            return []
        given = list(unfold(response))
    broken = any(isinstance(event, Broken) for event in given)
    if not broken and not tellable(fold(given), client):
        return []
    writer = client.stream_writer(asked_by(client, source, case), notes())
    stream = b"".join(writer.write(event) for event in given)
    found: list[Any] = []
    for data in sse_data(stream):
        if not (broken and b'"error"' in data):
            found += [(problem, data[:200]) for problem in EVENT[client.name](data)]
    if not broken:
        reader = client.stream_reader(notes())
        again, meant = fold([*reader.feed(stream), *reader.feed(b"")]), fold(given)
        if heard(again) != heard(meant):
            found.append((heard(again), heard(meant)))
    return found


@folders
def test_buckets_of_recorded_answers_sum_to_the_providers_totals(cases: Sequence[Case]) -> None:
    problems = {}
    for case, source, response in answers(cases):
        total = source.total(response.wire_usage) if response.wire_usage else None
        if total is not None and (response.usage is None or response.usage.total != total):
            problems[case.name] = (response.usage, response.wire_usage)

    assert problems == {}


@folders
def test_recorded_answer_that_passes_is_metered_as_one_that_is_translated(cases: Sequence[Case]) -> None:
    problems = {}
    for case, source, response in answers(cases):
        streamed = case.body is None
        given = json.dumps(case.body).encode() if case.text is None else case.text.encode()
        reader = source.dialect.answer_reader(Envelope("m", stream=streamed, asks_usage=True), streamed=streamed)
        for chunk in (case.frames or given, b""):
            reader.feed(chunk)
        if reader.usage != response.usage:
            problems[case.name] = (reader.usage, response.usage)

    assert problems == {}
