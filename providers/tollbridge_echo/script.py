"""The script that says what is answered: `key=value` pairs joined by `&`, percent-encoded where they must be.

It stands behind a question mark in the name of the model, or behind `!echo ` in the last message of the user, on a line
of its own. What nobody knows is refused: a slip in a test must not pass as an answer.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import unquote

from tollbridge_echo.refusals import Refusal

MARK = "!echo "
LONGEST_MS = 600_000
MOST_TOKENS = 100_000
MOST_CALLS = 32
FINISHES = ("stop", "length", "content_filter", "tool_calls")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool to be called, with its arguments as JSON text; empty for the least its schema takes."""

    name: str
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """What is answered; None where the request itself decides.

    `text` is said instead of the user's own words. `tokens` is the length of the answer in words. `latency_ms` passes
    before the first byte, `chunk_ms` between two pieces of a stream. `status` refuses, with `retry_after` in seconds.
    `truncate_after` and `error_after` count pieces of a stream: then the connection breaks, or an error ends it.
    `usage` are the tokens that are reported, in and out; empty for none.
    """

    text: str | None = None
    tokens: int | None = None
    latency_ms: int = 0
    chunk_ms: int = 0
    status: int | None = None
    retry_after: int | None = None
    truncate_after: int | None = None
    error_after: int | None = None
    tool: tuple[Call, ...] = ()
    usage: tuple[int, ...] | None = None
    finish: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    json: bool = False
    dimensions: int | None = None


def read_script(text: str, param: str, before: Script | None = None) -> Script:
    """Read a script, on top of the one `before`; raises `Refusal` naming the key that is wrong.

    Each key may be there once, `tool` as often as tools are to be called.
    """
    found: dict[str, Any] = {}
    for pair in text.split("&") if text else ():
        key, equals, raw = pair.partition("=")
        read = _KEYS.get(key)
        if read is None or not equals:
            known = ", ".join(sorted(_KEYS))
            raise Refusal(
                f"the script has an unknown key {key[:80]!r}; known: {known}", param=param, code="unknown_script_key"
            )
        if key in found and key != "tool":
            raise Refusal(f"the script has the key {key!r} twice", param=param, code="invalid_script")
        try:
            value = read(unquote(raw, errors="strict"))
        except ValueError as exc:
            raise Refusal(f"the script's {key!r} {exc}", param=param, code="invalid_script") from exc
        if len(found.get("tool", ())) == MOST_CALLS:
            raise Refusal(f"the script calls more than {MOST_CALLS} tools", param=param, code="invalid_script")
        found[key] = (*found.get(key, ()), *value) if key == "tool" else value
    return replace(before or Script(), **found)


def split_message(text: str) -> tuple[str | None, str]:
    """Part a message into its script, None where it has none, and the words behind it."""
    if not text.startswith(MARK):
        return None, text
    script, _, rest = text.removeprefix(MARK).partition("\n")
    return script.strip(), rest


def _count(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 12 or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return text == "1"


def _finish(text: str) -> str:
    if text not in FINISHES:
        raise ValueError(f"must be one of {', '.join(FINISHES)}")
    return text


def _usage(text: str) -> tuple[int, ...]:
    if text == "none":
        return ()
    count = _count(0, 10**9)
    told, comma, said = text.partition(",")
    if not comma:
        raise ValueError("must be two numbers, such as 10,5, or none")
    return count(told), count(said)


def _tool(text: str) -> tuple[Call]:
    name, colon, arguments = text.partition(":")
    if not name:
        raise ValueError("must be the name of a tool, and its arguments behind a colon")
    if colon and not _is_object(arguments):
        raise ValueError("must have a JSON object behind its colon")
    return (Call(name, arguments),)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


_pieces = _count(0, MOST_TOKENS)
_KEYS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "tokens": _count(0, MOST_TOKENS),
    "latency_ms": _count(0, LONGEST_MS),
    "chunk_ms": _count(0, LONGEST_MS),
    "status": _count(400, 599),
    "retry_after": _count(0, 86_400),
    "truncate_after": _pieces,
    "error_after": _pieces,
    "tool": _tool,
    "usage": _usage,
    "finish": _finish,
    "reasoning": str,
    "refusal": str,
    "json": _flag,
    "dimensions": _count(1, 4_096),
}
if _KEYS.keys() != {field.name for field in fields(Script)}:  # pragma: no cover - one of the two was forgotten
    raise TypeError("the keys of a script and its fields differ")
