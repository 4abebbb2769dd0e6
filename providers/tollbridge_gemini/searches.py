"""How many searches of the web an answer is charged for, which its usage does not say.

From Gemini 3 on each query costs, without empty ones and those that were made before; before that, each prompt that led
to any (https://ai.google.dev/gemini-api/docs/google-search, read 2026-11). Maps, searches of files and pages that are
read have other prices or none, and are not counted.
"""

import re
from collections.abc import Iterable

import msgspec

from tollbridge.formats import JSON, UNREADABLE, items_of

TOLD = re.compile(rb'"webSearchQueries"[ \t\n\r]*:')
_BY_PROMPT = re.compile(r"gemini-[12]\.")
"""Models that are charged by the prompt; one that is not named, or not known, counts as the newest do."""


class Searches:
    """Gathers the queries of one answer from its pieces."""

    def __init__(self) -> None:
        self._queries: set[str] = set()
        self._by_prompt = False

    @property
    def count(self) -> int:
        """How many are charged so far."""
        return min(1, len(self._queries)) if self._by_prompt else len(self._queries)

    def add(self, model: JSON, candidates: Iterable[JSON]) -> None:
        """Take a piece: the model that it names, and what its candidates rest on (`groundingMetadata`)."""
        if isinstance(model, str):
            self._by_prompt = _BY_PROMPT.search(model) is not None
        for grounding in candidates:
            queries = grounding.get("webSearchQueries") if isinstance(grounding, dict) else None
            self._queries.update(query for query in items_of(queries) if isinstance(query, str) and query.strip())


class _Candidate(msgspec.Struct, rename="camel"):
    grounding_metadata: JSON = None


_decode = msgspec.json.Decoder(list[_Candidate]).decode


def groundings(candidates: msgspec.Raw) -> list[JSON]:
    """Give what candidates that were not looked into rest on; nothing where they tell of no search or make no sense."""
    if not TOLD.search(candidates):
        return []
    try:
        return [candidate.grounding_metadata for candidate in _decode(candidates)]
    except UNREADABLE:
        return []
