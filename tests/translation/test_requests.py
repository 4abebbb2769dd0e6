"""Every recorded request, asked in every other dialect, is one that dialect reads; what is lost is named."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from tests.support.corpus import Case, corpus_folders
from tests.translation.dialects import FOLDERS, SOURCES, Source, fitted

from tollbridge.errors import Untranslatable
from tollbridge.formats import Conversation, Envelope, Request
from tollbridge.formats.notes import NEUTRAL
from tollbridge.testing.conversation_contract import notes, talk
from tollbridge.testing.conversations import requests

TARGET = pytest.mark.parametrize("target", [source.codec for source in SOURCES.values()], ids=list(SOURCES))
folders = corpus_folders(*FOLDERS)


def asked(cases: Sequence[Case]) -> Iterator[tuple[Case, Source, Request]]:
    """Give the requests that were answered, each read in its own dialect."""
    for case in cases:
        source = FOLDERS[case.folder]
        request = source.request(case) if case.status == 200 else None
        if request is not None:
            yield case, source, request


def again(codec: Conversation, request: Request, body: bytes) -> Request:
    return codec.read_request(body, Envelope(request.model, stream=bool(request.stream)), notes())


@folders
def test_requests_are_written_as_they_were_read(cases: Sequence[Case]) -> None:
    for case, source, request in asked(cases):
        kept = notes(strict=True)
        written = source.codec.write_request(request, kept)

        assert source.codec.write_request(again(source.codec, request, written), kept) == written, case.name


@TARGET
@folders
def test_requests_in_another_dialect_say_the_same_or_say_what_they_cannot(
    cases: Sequence[Case], target: Conversation
) -> None:
    problems: dict[str, Any] = {}
    for case, source, request in asked(cases):
        left = notes()
        if source.codec.name == target.name:
            continue
        try:
            heard = again(target, request, target.write_request(fitted(request, target, left), left))
        except Untranslatable as refused:
            if not refused.param:
                problems[case.name] = refused
            continue
        lost = Counter(spoken(request)) - Counter(spoken(heard))
        if heard.model != request.model or (lost and not any("messages" in field for field in left.dropped)):
            problems[case.name] = lost

    assert problems == {}


@pytest.mark.parametrize("one", SOURCES)
@settings(max_examples=25)
@given(requests())
def test_conversation_survives_the_way_to_every_dialect_and_back(one: str, request: Request) -> None:
    first = SOURCES[one].codec
    try:
        own = again(first, request, first.write_request(request, notes()))
    except Untranslatable:
        return

    for two, source in SOURCES.items():
        if two != one:
            survives(own, first, source.codec)


def survives(own: Request, first: Conversation, second: Conversation) -> None:
    left = notes()
    try:
        there = again(second, own, second.write_request(own, left))
        back = again(first, there, first.write_request(there, left))
    except Untranslatable:
        return

    assert talk(back) == talk(own), second.name
    for field in ("max_output", "temperature", "top_p", "stop"):
        said = [getattr(side, field) for side in (own, there, back)]
        neutral = said[0] == NEUTRAL.get(field)  # what says the same as silence is no loss
        assert field in left.dropped or None in said[:2] or neutral or said[0] == said[2], (field, second.name)


def spoken(request: Request) -> list[tuple[str, str]]:
    """Give who said what; white space says nothing, and stands between texts that are put together."""
    return [(role, "".join(words.split())) for role, words in talk(request) if words.strip()]
