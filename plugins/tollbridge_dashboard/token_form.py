"""The forms of tokens: their fields, what the API is sent of them, and what they come to in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Field, Form
from tollbridge.screens.words import day

CARDS = {
    "ai:chat": (N_("chat"), N_("Chat completions and messages")),
    "ai:embeddings": (N_("embeddings"), N_("Turn text into vectors")),
    "model:*": (N_("every model"), N_("Whatever is served, now and later")),
}
EXPIRIES = {
    "7": N_("in 7 days"),
    "30": N_("in 30 days"),
    "90": N_("in 90 days"),
    "365": N_("in a year"),
    "never": N_("never"),
}
PERIODS = {"month": N_("a month"), "day": N_("a day"), "total": N_("in all")}
_ENVIRONMENTS = {"live": N_("live"), "test": N_("test")}
_BEGIN_WITH = ("ai:chat", "ai:embeddings", "model:*")
_DAYS = "90"

BOUNDS = (
    Field(name="budget", label=N_("Budget"), kind="number", sign="$", api="budget"),
    Field(name="period", label=N_("For each"), kind="choice", begin="month"),
    Field(name="rpm", label=N_("Requests a minute"), api="requests_per_minute", kind="number"),
    Field(name="tpm", label=N_("Tokens a minute"), api="tokens_per_minute", kind="number"),
    Field(name="concurrency", label=N_("Calls at a time"), kind="number"),
    Field(
        name="networks",
        label=N_("From these addresses alone"),
        api="from",
        hint=N_("Such as 203.0.113.7 10.0.0.0/8; empty is any."),
    ),
    Field(name="hours", label=N_("At these hours alone"), hint=N_("Such as mon-fri 08:00-18:00 Europe/Berlin.")),
    Field(name="tags", label=N_("Tags"), hint=N_("Words to find it by, with spaces between.")),
)
_NEW = (
    Field(name="name", label=N_("Name"), hint=N_("Shown in logs and on this dashboard.")),
    Field(name="owner", label=N_("Owner"), hint=N_("A person or a team; may stay empty.")),
    Field(name="mine", label=N_("It is mine, where no owner is written"), kind="tick", begin="yes"),
    Field(name="team", label=N_("Team"), kind="choice", hint=N_("It ends with your place in the team.")),
    Field(name="environment", label=N_("Environment"), kind="choice", begin="live"),
    Field(name="scope", label=N_("What may it call?"), kind="ticks"),
    Field(name="models", label=N_("Models"), hint=N_("Instead of every model; * stands for any text.")),
    Field(
        name="scopes",
        label=N_("More scopes"),
        hint=N_("Such as service:shop:GET:* or admin:tokens:read, with spaces between."),
    ),
    Field(name="expires", label=N_("Ends"), kind="choice", begin=_DAYS, api="expires_at"),
)
_KEPT = (
    Field(name="name", label=N_("Name")),
    Field(name="scopes", label=N_("Scopes"), kind="area", rows=3, hint=N_("With spaces between.")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence about what was typed: with the text of each of its `fields`, or `without` where the first is empty.

    `said` is the sentence as it stands now; a script says it anew as somebody types.
    """

    text: str
    fields: tuple[str, ...]
    without: str
    said: str


_LINES = (
    (N_("It is called %(name)s."), ("name",), N_("It needs a name.")),
    (N_("It may call %(scope)s."), ("scope",), N_("No kind of call is ticked.")),
    (N_("Of models it may call %(models)s alone."), ("models",), ""),
    (N_("Besides, it holds %(scopes)s."), ("scopes",), ""),
    (N_("It spends at most $%(budget)s %(period)s."), ("budget", "period"), N_("It has no budget of its own.")),
    (N_("It makes at most %(rpm)s requests a minute."), ("rpm",), ""),
    (N_("It moves at most %(tpm)s tokens of models a minute."), ("tpm",), ""),
    (N_("It is good from %(networks)s alone."), ("networks",), N_("It is good from any address.")),
    (N_("It is good at %(hours)s alone."), ("hours",), N_("It is good at any time.")),
    (N_("Its end: %(expires)s."), ("expires",), ""),
)


def new_form(given: Mapping[str, Sequence[str]], *, posted: bool, now: datetime, teams: Sequence[str]) -> Form:
    """Read the form of a new token; a query that names no scope at all begins with the usual ones."""
    form = Form.read(_with_choices((*_NEW, *BOUNDS), now, teams), given, posted=posted)
    form.values["scope"] = [card for card in CARDS if card in form.texts("scope")]
    if not posted and not (form.texts("scope") or form.text("scopes") or form.text("models")):
        form.values["scope"] = list(_BEGIN_WITH)
    if form.text("expires") not in EXPIRIES:
        form.values["expires"] = [_DAYS]
    if len(teams) == 1:
        form.values["team"] = [teams[0]]
    return form


def wish_of(form: Form, *, owner: str, now: datetime) -> dict[str, Any]:
    """Give a token to be made, as the API reads it; notes what is missing to make its scopes useful."""
    models = form.words("models")
    found = [*form.texts("scope"), *form.words("scopes"), *(f"model:{name}" for name in models)]
    if models and "model:*" in form.texts("scope"):
        form.errors["models"] = _("Every model is ticked; untick it, or leave this empty.")
    if any(scope.startswith("ai:") for scope in found) and not any(scope.startswith("model:") for scope in found):
        form.errors["models"] = _("Name at least one model, or tick every model.")
    if not found:
        form.errors["scopes"] = _("A token without a scope opens nothing; tick or write at least one.")
    if not form.text("name"):
        form.errors["name"] = _("A token needs a name.")
    wish = {name: value for name, value in bounds_of(form).items() if value is not None}
    return {
        **wish,
        "name": form.text("name"),
        "scopes": found,
        "owner": form.text("owner") or (owner if form.has("mine") else ""),
        "expires_at": ends_at(form.text("expires"), now),
        "environment": form.text("environment") or "live",
    }


def bounds_of(form: Form) -> dict[str, Any]:
    """Give budget, limits and conditions as the API reads a change of them: an empty field takes away."""
    budget = form.text("budget").lstrip("$").replace(",", "")
    return {
        "budget": {"usd": budget, "period": form.text("period") or "month"} if budget else None,
        "requests_per_minute": form.whole("rpm"),
        "tokens_per_minute": form.whole("tpm"),
        "concurrency": form.whole("concurrency"),
        "from": form.words("networks") or None,
        "hours": form.text("hours") or None,
        "tags": form.text("tags").split() or None,
    }


def edit_form(given: Mapping[str, Sequence[str]], now: datetime) -> Form:
    """Read the form of a token that is there."""
    return Form.read(_with_choices((*_KEPT, *BOUNDS), now, ()), given, posted=True)


def bounds_given(row: Row) -> dict[str, list[str]]:
    """Give what the fields of bounds hold for something that is there."""
    budget = row["budget"] or {"usd": "", "period": "month"}
    said = {
        "budget": budget["usd"],
        "period": budget["period"],
        "rpm": row["requests_per_minute"],
        "tpm": row["tokens_per_minute"],
        "concurrency": row["concurrency"],
        "networks": " ".join(row["from"]),
        "hours": row["hours"],
        "tags": " ".join(row["tags"]),
    }
    return {name: ["" if value is None else str(value)] for name, value in said.items()}


def ends_at(chosen: str, now: datetime) -> str | None:
    """Give when something ends by its days from now, None for never."""
    return None if chosen == "never" or not chosen.isdigit() else (now + timedelta(days=int(chosen))).isoformat()


def expiries(now: datetime) -> Sequence[tuple[str, str]]:
    """Give the ends to choose from, with their dates."""
    return [
        (key, _(label) if key == "never" else f"{_(label)} ({day(now + timedelta(days=int(key)))})")
        for key, label in EXPIRIES.items()
    ]


def summary(form: Form) -> Sequence[Line]:
    """Say in plain words what a form comes to."""
    found = []
    for text, fields, without in _LINES:
        said = {name: _said(form, name) for name in fields}
        found.append(Line(_(text), fields, _(without), _(text) % said if said[fields[0]] else _(without)))
    return found


def _said(form: Form, name: str) -> str:
    """Give what stands in a field, as people read it."""
    if name == "scope":
        return ", ".join(_(CARDS[card][0]) for card in form.texts("scope"))
    field = next(one for one in form.fields if one.name == name)
    return dict(field.choices).get(form.text(name), form.text(name))


def _with_choices(fields: Sequence[Field], now: datetime, teams: Sequence[str]) -> Sequence[Field]:
    """Give fields with what there is to choose from; without a choice of teams, none of them asks for one."""
    choices: Mapping[str, Sequence[tuple[str, str]]] = {
        "period": [(key, _(label)) for key, label in PERIODS.items()],
        "environment": [(key, _(label)) for key, label in _ENVIRONMENTS.items()],
        "expires": expiries(now),
        "team": [(team, team or _("Whole bridge")) for team in teams],
    }
    return [replace(one, choices=choices.get(one.name, ())) for one in fields if one.name != "team" or teams]
