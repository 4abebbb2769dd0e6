"""What differs between two designs, and what of it a caller of the first may fail with in the second.  Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tollbridge.money import parse_usd, show_usd
from tollbridge.services.kinds import Change, ServiceKind
from tollbridge.services.model import Access, Design
from tollbridge.services.textdiff import text_diff
from tollbridge.tokens.model import TokenBudget

MOST_CHANGES = 1_000
LONGEST_TOLD = 20_000
"""Characters of `before` and of `after`."""
DEFINITION = "definition"

_LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrency")


def changes_of(kind: ServiceKind | None, before: Design, after: Design) -> Sequence[Change]:
    """Say what differs between two designs of a kind, what may break callers first.

    At most `MOST_CHANGES`. Where the definitions cannot be read as the kind has them now, it says that they differ.
    """
    found = [*_definition(kind, before, after), *design_changes(before, after)]
    return sorted(map(_bounded, found), key=lambda change: not change.breaking)[:MOST_CHANGES]


def design_changes(before: Design, after: Design) -> Sequence[Change]:
    """Say what differs beside the definition."""
    return [change for field, tell in _TOLD.items() for change in tell(field, before, after)]


def _definition(kind: ServiceKind | None, before: Design, after: Design) -> Iterator[Change]:
    if before.definition == after.definition:
        if msgspec.json.encode(before.definition) != msgspec.json.encode(after.definition):
            yield Change(DEFINITION, "its members stand in another order")
        return
    if kind is None:
        yield Change(DEFINITION, "it differs; no installed plugin can say how")
        return
    try:
        had, has = (msgspec.convert(one.definition, kind.definition) for one in (before, after))
    except msgspec.ValidationError:
        yield Change(DEFINITION, "it differs; one of the two cannot be read, so nobody can say how")
        return
    for change in kind.changes(had, has):
        yield msgspec.structs.replace(change, path=f"{DEFINITION}/{change.path}".rstrip("/"))


def _bounded(change: Change) -> Change:
    before, after = change.before[:LONGEST_TOLD], change.after[:LONGEST_TOLD]
    return msgspec.structs.replace(change, before=before, after=after)


def _plain(field: str, before: Design, after: Design) -> Iterator[Change]:
    had, has = getattr(before, field), getattr(after, field)
    if had != has:
        yield Change(field, "it is another", False, _said(had), _said(has))


def _text(field: str, before: Design, after: Design) -> Iterator[Change]:
    had, has = getattr(before, field), getattr(after, field)
    if had != has:
        yield Change(field, "its words are others", after=text_diff(had, has))


def _logo(field: str, before: Design, after: Design) -> Iterator[Change]:
    if before.logo != after.logo:
        yield Change(field, "it is another image" if after.logo else "there is none any more")


def _access(field: str, before: Design, after: Design) -> Iterator[Change]:
    if before.access is after.access:
        return
    closed = after.access is Access.SUBSCRIPTION
    what = "callers need a subscription now" if closed else "callers need no subscription any more"
    yield Change(field, what, closed, before.access.value, after.access.value)


def _plans(field: str, before: Design, after: Design) -> Iterator[Change]:
    if not before.plans and after.plans:
        yield Change(field, "a subscription needs a plan now", True, after=_said(after.plans))
        return
    if before.plans and not after.plans:
        yield Change(field, "a subscription needs no plan any more", before=_said(before.plans))
        return
    gone = [plan for plan in before.plans if plan not in after.plans]
    yield from (Change(f"{field}/{plan}", "this plan is gone", True) for plan in gone)
    new = [plan for plan in after.plans if plan not in before.plans]
    yield from (Change(f"{field}/{plan}", "this plan is new") for plan in new)


def _price(field: str, before: Design, after: Design) -> Iterator[Change]:
    had, has = parse_usd(before.price_per_call_usd), parse_usd(after.price_per_call_usd)
    if had != has:
        more = "a call costs more" if has > had else "a call costs less"
        yield Change(field, more, False, before.price_per_call_usd, after.price_per_call_usd)


def _limits(field: str, before: Design, after: Design) -> Iterator[Change]:
    for name in _LIMITS:
        had, has = getattr(before.limits, name), getattr(after.limits, name)
        if had != has:
            lower = has is not None and (had is None or has < had)
            what = "fewer calls are served" if lower else "more calls are served"
            yield Change(f"{field}/{name}", what, lower, _said(had), _said(has))


def _budget(field: str, before: Design, after: Design) -> Iterator[Change]:
    had, has = before.budget, after.budget
    if had == has:
        return
    lower = has is not None and (had is None or has.period != had.period or has.amount < had.amount)
    what = "calls may be refused earlier" if lower else "calls are refused later"
    yield Change(field, what, lower, _money(had), _money(has))


def _policies(field: str, before: Design, after: Design) -> Iterator[Change]:
    had, has = before.policies, after.policies
    for name in (*has, *(name for name in had if name not in has)):
        at, old, new = f"{field}/{name}", had.get(name), has.get(name)
        if old is None:
            yield Change(at, "calls are judged by this policy too", True, after=_said(new))
        elif new is None:
            yield Change(at, "calls are not judged by this policy any more", before=_said(old))
        elif old != new:
            yield Change(at, "its options are others", True, _said(old), _said(new))
    if set(had) == set(has) and list(had) != list(has):
        yield Change(field, "they are run in another order", False, ", ".join(had), ", ".join(has))


def _money(budget: TokenBudget | None) -> str:
    return "" if budget is None else f"{show_usd(budget.amount)}/{budget.period}"


def _said(value: Any) -> str:
    """Give a value as a short text."""
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode("utf-8")


_TOLD: Mapping[str, Callable[[str, Design, Design], Iterator[Change]]] = {
    "access": _access,
    "plans": _plans,
    "limits": _limits,
    "budget": _budget,
    "policies": _policies,
    "price_per_call_usd": _price,
    "visibility": _plain,
    "approval": _plain,
    "name": _plain,
    "description": _text,
    "docs": _text,
    "category": _plain,
    "tags": _plain,
    "contacts": _plain,
    "slos": _plain,
    "logo": _logo,
}
