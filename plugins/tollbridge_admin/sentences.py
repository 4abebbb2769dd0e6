"""What a value must be, as a decoder's errors have it, in plain sentences that name what to send."""

import re
from collections.abc import Sequence

MOMENT = "2026-12-31T00:00:00Z"
_KINDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": f"a time such as {MOMENT}",
    "null": "null",
}
_PARTS = {"str": "characters", "array": "entries", "object": "entries"}
_RULES = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"Expected `(?P<kind>[^`]+)`(?:, got .*)?", "send {kind}"),
        (r"Expected `(?P<kind>\w+)` >= (?P<bound>\S+)", "send {kind} of {bound} or more"),
        (r"Expected `(?P<kind>\w+)` <= (?P<bound>\S+)", "send {kind} of {bound} at most"),
        (r"Expected `(?P<kind>\w+)` of length >= 1", "send {kind} that is not empty"),
        (r"Expected `(?P<kind>\w+)` of length >= (?P<bound>\d+)", "send {kind} of {bound} {parts} at least"),
        (r"Expected `(?P<kind>\w+)` of length <= (?P<bound>\d+)", "send {kind} of {bound} {parts} at most"),
        (r"Expected `(?P<kind>\w+)` matching regex .*", "send {kind}{such}"),
        (r"Expected `datetime` with a timezone component", f"send a time with its zone, such as {MOMENT}"),
        (r"Invalid RFC3339 encoded datetime", f"send a time such as {MOMENT}"),
    )
)
"""What msgspec 0.22 says of each kind of constraint that the API's shapes have, and what is said instead."""
_OTHERWISE = "it is not as openapi.json has it"


def in_words(said: str, examples: Sequence[object] = ()) -> str:
    """Say what to send, such as `examples`, where the decoder said this of a value."""
    for pattern, sentence in _RULES:
        found = pattern.fullmatch(said)
        if found:
            words: dict[str, str] = found.groupdict()
            kind = words.get("kind", "")
            shown = " or ".join(f'"{one}"' for one in examples)
            such = f" such as {shown}" if shown else " as openapi.json has it"
            named = {"kind": _named(kind), "parts": _PARTS.get(kind, ""), "such": such}
            return sentence.format_map(words | named)
    return _OTHERWISE


def _named(kinds: str) -> str:
    """Give the names of kinds such as `int | null`."""
    return ", or ".join(_KINDS.get(kind, kind) for kind in kinds.split(" | "))
