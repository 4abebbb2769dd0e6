"""Whether an answer is as a test expects.  Pure; what a judge says is given."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tollbridge.administering import parse_usd, show_usd, to_nano
from tollbridge_prompts import jsontext
from tollbridge_prompts.casecheck import said_of
from tollbridge_prompts.definition import Expectation
from tollbridge_prompts.running import Result
from tollbridge_prompts.schemas import Schema, matcher
from tollbridge_prompts.schemawalk import found_at

NOWHERE = object()
"""Stands for a part that an answer does not have."""


def failure_of(expectation: Expectation, result: Result, latency_s: float) -> str:
    """Say in what an answer is not as expected, empty where it is; a judge's expectation always holds here."""
    kind = said_of(expectation)[0]
    said = getattr(expectation, kind)
    if kind == "max_cost_usd":
        return _cost(said, result.cost)
    if kind == "max_latency_s":
        return f"it took {latency_s:.1f} s; at most {said:g} s are allowed" if latency_s > said else ""
    if kind == "judge":
        return ""
    value = part_of(expectation, result)
    if value is NOWHERE:
        return f"the answer has nothing at {expectation.at[:200]}"
    return _CHECKS[kind](said, value)


def part_of(expectation: Expectation, result: Result) -> Any:
    """Give what an expectation looks at."""
    if not expectation.at:
        return result.value
    try:
        return found_at(result.value, expectation.at)
    except LookupError:
        return NOWHERE


def text_of(value: Any) -> str:
    """Give a text itself, of anything else its JSON."""
    return value if isinstance(value, str) else jsontext.write(value)


def _equals(said: Any, value: Any) -> str:
    return "" if same(said, value) else "it is not equal to what was expected"


def _contains(said: str, value: Any) -> str:
    return "" if said in text_of(value) else "it does not contain what was expected"


def _not_contains(said: str, value: Any) -> str:
    return "it contains what it must not" if said in text_of(value) else ""


def _matches(said: str, value: Any) -> str:
    return "" if matcher(said).fits(text_of(value)) else "it does not match the pattern"


def _schema(said: dict[str, Any], value: Any) -> str:
    errors = Schema(said).errors(value)
    return "; ".join(f"{one.pointer}: {one.message}" if one.pointer else one.message for one in errors)


_CHECKS: Mapping[str, Callable[[Any, Any], str]] = {
    "equals": _equals,
    "contains": _contains,
    "not_contains": _not_contains,
    "matches": _matches,
    "schema": _schema,
}


def _cost(said: str, cost: int | None) -> str:
    if cost is None:
        return "its cost is not known, so the limit cannot be held"
    return f"it cost {show_usd(cost)} USD; at most {said} are allowed" if cost > to_nano(parse_usd(said)) else ""


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: numbers by their value, true and 1 not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return bool(_exact(one) == _exact(other))


def _exact(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value
