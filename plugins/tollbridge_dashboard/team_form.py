"""The form of a team, and how its fields are written to the API and read from it."""

from collections.abc import Mapping
from typing import Any

from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Field, Form

PERIODS = (("month", N_("a month")), ("day", N_("a day")), ("total", N_("in all")))
_NUMBERS = ("requests_per_minute", "tokens_per_minute", "concurrency", "rotate_days")
_LISTS = ("scopes", "from")
CALLED = (
    Field(name="title", label=N_("Title"), hint=N_("How people call it.")),
    Field(name="description", label=N_("What it is for"), kind="area", rows=3),
)
_BOUNDS = (
    Field(
        name="scopes",
        label=N_("What anybody in it may do at most"),
        kind="area",
        rows=3,
        begin="ai:* model:*",
        hint=N_("Scopes, with blanks or ends of lines between."),
    ),
    Field(name="budget", label=N_("Budget"), kind="number", sign="$", api="budget.usd", hint=N_("Empty for none.")),
    Field(name="period", label=N_("It lasts"), kind="choice", choices=PERIODS, begin="month", api="budget.period"),
    Field(name="requests_per_minute", label=N_("Requests a minute"), kind="number"),
    Field(name="tokens_per_minute", label=N_("Tokens a minute"), kind="number"),
    Field(name="concurrency", label=N_("Calls at once"), kind="number"),
    Field(name="rotate_days", label=N_("Days that a secret lives"), kind="number", hint=N_("0 is for ever.")),
    Field(name="from", label=N_("May be called from"), hint=N_("Addresses and networks, such as 10.0.0.0/8.")),
    Field(name="hours", label=N_("May be called at"), hint=N_("Such as mon-fri 08:00-18:00 Europe/Berlin.")),
)
KEPT = (*CALLED, *_BOUNDS)
_NAME = Field(name="name", label=N_("Name"), hint=N_("Small letters, digits, hyphens; it stays for ever."))
FIELDS = (CALLED[0], _NAME, *KEPT[1:])


def wish_of(form: Form) -> Mapping[str, Any]:
    """Give a team to be made, as the API reads it."""
    said = {name: value for name, value in _said(form).items() if value not in (None, "", [])}
    return {**said, "name": form.text("name")}


def changed_of(form: Form, team: Row) -> Mapping[str, Any]:
    """Give what differs from how a team is: an empty field takes away."""
    return {name: value for name, value in _said(form).items() if value != team[name]}


def held_of(team: Row) -> Mapping[str, list[str]]:
    """Give what stands in the fields of a team."""
    budget = team["budget"] or {"usd": "", "period": "month"}
    numbers = {name: ["" if team[name] is None else str(team[name])] for name in _NUMBERS}
    lists = {name: [" ".join(team[name])] for name in _LISTS}
    said = {name: [team[name] or ""] for name in ("title", "description", "hours")}
    return {**said, **lists, **numbers, "budget": [budget["usd"]], "period": [budget["period"]]}


def _said(form: Form) -> dict[str, Any]:
    """Give what the form's fields say; one that it does not have is not there."""
    held = {one.name for one in form.fields}
    budget = form.text("budget").lstrip("$")
    said: dict[str, Any] = {
        "title": form.text("title"),
        "description": form.text("description"),
        "scopes": form.words("scopes"),
        "budget": {"usd": budget, "period": form.text("period") or "month"} if budget else None,
        **{name: form.whole(name) for name in _NUMBERS},
        "from": form.words("from"),
        "hours": form.text("hours") or None,
    }
    return {name: value for name, value in said.items() if name in held}
