"""The names in a provider's list of models, in whatever dialect it is written."""

from collections.abc import Iterable, Sequence

import msgspec

MOST_LISTED = 2_000
"""Names that are read of one list."""
_LONGEST = 256
_LISTS = ("data", "models")
"""Where the list is: of OpenAI and Anthropic, and of Gemini, Ollama and Cohere.  A few have nothing around it."""
_NAMES = ("id", "name", "model")
_PREFIX = "models/"
"""What Gemini writes before the name that calls have."""


def listed_models(body: bytes) -> Sequence[str]:
    """Give the names in their order, each once; none of what is no such list, and no name that cannot be shown."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    found: dict[str, None] = {}
    for one in _entries(document):
        name = _name(one)
        if name:
            found[name] = None
        if len(found) == MOST_LISTED:
            break
    return tuple(found)


def _entries(document: object) -> Iterable[object]:
    if isinstance(document, dict):
        document = next((document[name] for name in _LISTS if name in document), None)
    return document if isinstance(document, list) else ()


def _name(entry: object) -> str:
    if isinstance(entry, dict):
        entry = next((entry[name] for name in _NAMES if name in entry), None)
    if not isinstance(entry, str) or not entry.isprintable() or len(entry) > _LONGEST:
        return ""
    return entry.removeprefix(_PREFIX)
