"""How an item of a request is spelled: what only its own dialect writes again, and no other provider misses.

Clients send a model's items back as they came, with ids, a status and empty lists that say nothing to anybody else.
"""

from collections.abc import Mapping, Sequence

from tollbridge.formats import JSON, Fields, Message, decode_json, json_text

_EMPTY = "empty"
"""Where in a spelling it is said, part by part, which of its lists are empty."""
_LISTS = ("annotations", "logprobs")
"""What hangs on words, where anything does."""


def take_texts(found: Fields, *names: str) -> dict[str, JSON]:
    """Take those of the members that are there; raises `BadRequest` for one that is no text."""
    return {name: value for name in names if (value := found.text(name)) is not None}


def take_empty(found: Fields, *names: str) -> dict[str, JSON]:
    """Take those of the members that are empty lists."""
    empty = [name for name in names if found.peek(name) == []]
    return {name: found.take(name) for name in empty}


def without_empty(items: Sequence[JSON]) -> tuple[list[JSON], dict[str, JSON]]:
    """Give parts of a content without the lists on them that are empty, and a spelling that says where they were."""
    left: list[JSON] = []
    empty: list[JSON] = []
    for item in items:
        words = item if isinstance(item, dict) else {}
        names = [name for name in _LISTS if words.get(name) == []]
        left.append({name: value for name, value in words.items() if name not in names} if names else item)
        empty.append(names)
    return left, {_EMPTY: empty} if any(empty) else {}


def spelling_of(told: Mapping[str, JSON]) -> str:
    """Give a message's `spelling`."""
    return json_text(told) if told else ""


def spelled(message: Message, *, native: bool) -> dict[str, JSON]:
    """Give the members of an item that its message's `spelling` holds."""
    return {name: value for name, value in _told(message, native=native).items() if name != _EMPTY}


def empty_lists(message: Message, *, native: bool) -> list[dict[str, JSON]]:
    """Give the empty lists on each part of a message, by name; none where none were."""
    parts = _told(message, native=native).get(_EMPTY)
    if not isinstance(parts, list):
        return []
    return [{str(name): [] for name in names} if isinstance(names, list) else {} for names in parts]


def _told(message: Message, *, native: bool) -> dict[str, JSON]:
    if not native or not message.spelling.startswith("{"):
        return {}
    told = decode_json(message.spelling)
    return told if isinstance(told, dict) else {}
