"""The fields of a service's settings, and how they are written and read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Field, Form

MOST_OBJECTIVES = 10
_ROW = ("name", "objective", "latency_ms", "window_days")


@dataclass(frozen=True, slots=True)
class Part:
    """One form of the settings.  `given` writes what holds now into its fields, `wish` gives what the API reads."""

    title: str
    about: str
    fields: Sequence[Field]
    given: Callable[[Mapping[str, Any]], Mapping[str, list[str]]]
    wish: Callable[[Form], dict[str, Any]]


def _words(draft: Mapping[str, Any]) -> Mapping[str, list[str]]:
    lines = [", ".join(filter(None, (one["name"], one["email"], one["url"]))) for one in draft["contacts"]]
    plain = {name: draft[name] for name in ("name", "description", "category", "docs", "logo")}
    return _each({**plain, "tags": ", ".join(draft["tags"]), "contacts": "\n".join(lines)})


def _words_wish(form: Form) -> dict[str, Any]:
    plain = {name: form.text(name) for name in ("name", "description", "category", "logo")}
    tags = [one.strip() for one in form.text("tags").split(",") if one.strip()]
    docs = (form.values.get("docs") or [""])[0].replace("\r\n", "\n")
    contacts = [_contact(line) for line in form.text("contacts").splitlines() if line.strip()]
    return {**plain, "tags": tags, "docs": docs, "contacts": contacts}


def _contact(line: str) -> dict[str, str]:
    """Read a line: a name, and in any order an address of mail and one of the web."""
    name, *rest = [part.strip() for part in line.split(",")]
    email = next((part for part in rest if "@" in part and "://" not in part), "")
    url = next((part for part in rest if "://" in part), "")
    return {"name": name, "email": email, "url": url}


def _terms(draft: Mapping[str, Any]) -> Mapping[str, list[str]]:
    budget, limits = draft["budget"] or {}, draft["limits"]
    return {
        **_each({name: draft[name] for name in ("visibility", "access", "approval", "price_per_call_usd")}),
        **_each({name: "" if value is None else str(value) for name, value in limits.items()}),
        **_each({"plans": " ".join(draft["plans"]), "budget": budget.get("usd", "")}),
        "period": [budget.get("period", "month")],
    }


def _terms_wish(form: Form) -> dict[str, Any]:
    said = form.text("budget").lstrip("$")
    return {
        **{name: form.text(name) for name in ("visibility", "access", "approval")},
        "plans": form.words("plans"),
        "price_per_call_usd": form.text("price_per_call_usd").lstrip("$") or "0",
        "limits": {name: form.whole(name) for name in ("requests_per_minute", "tokens_per_minute", "concurrency")},
        "budget": {"usd": said, "period": form.text("period")} if said else None,
    }


def _objectives(draft: Mapping[str, Any]) -> Mapping[str, list[str]]:
    found = dict[str, list[str]]()
    for at, one in enumerate(draft["slos"]):
        found |= {f"{name}_{at}": ["" if one[name] is None else str(one[name])] for name in _ROW}
    return found


def _objectives_wish(form: Form) -> dict[str, Any]:
    slos = []
    for at in range(MOST_OBJECTIVES):
        if not form.text(f"name_{at}"):
            continue
        one: dict[str, Any] = {"name": form.text(f"name_{at}"), "objective": _number(form.text(f"objective_{at}"))}
        latency, window = form.whole(f"latency_ms_{at}"), form.whole(f"window_days_{at}")
        one |= {} if latency is None else {"latency_ms": latency}
        slos.append({**one, **({} if window is None else {"window_days": window})})
    return {"slos": slos}


def _number(said: str) -> float | str:
    """Give a percentage; what is none as it was typed, for the API to refuse."""
    try:
        return float(said) if len(said) < 20 else said
    except ValueError:
        return said


def _each(values: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in values.items()}


def _field(name: str, label: str, **more: Any) -> Field:
    return Field(name=name, label=label, api=more.pop("api", f"draft.{name}"), **more)


def _limit(name: str, label: str) -> Field:
    return Field(name=name, label=label, kind="number", api=f"draft.limits.{name}")


_WORDS = (
    _field("name", N_("Name"), hint=N_("How people call it.")),
    _field("category", N_("Category"), hint=N_("Where it stands in the catalogue, such as language/translation.")),
    _field("description", N_("What it is for"), kind="area", rows=3),
    _field("tags", N_("Tags"), hint=N_("With commas between.")),
    _field("logo", N_("Picture"), hint=N_("An image as data:image/png;base64,... or nothing.")),
    _field("contacts", N_("Whom to ask"), kind="area", rows=3, hint=N_("One a line: name, mail address, web address.")),
    _field("docs", N_("Documentation"), kind="area", rows=14, hint=N_("Markdown; callers read it.")),
)
_TERMS = (
    _field(
        "visibility",
        N_("Who sees it"),
        kind="choice",
        choices=(
            ("public", N_("Everybody")),
            ("internal", N_("Whoever has a token or signs in")),
            ("team", N_("Its team alone")),
        ),
    ),
    _field(
        "access",
        N_("What a caller needs"),
        kind="choice",
        choices=(("subscription", N_("A subscription")), ("scope", N_("The scope alone"))),
    ),
    _field(
        "approval",
        N_("Subscriptions"),
        kind="choice",
        choices=(("manual", N_("Somebody decides on each")), ("auto", N_("Open at once"))),
    ),
    _field("plans", N_("Plans"), hint=N_("Names of those that a subscription can have, with spaces between.")),
    _field("price_per_call_usd", N_("Price of a call"), kind="number", sign="$"),
    _limit("requests_per_minute", N_("Requests a minute, of all callers")),
    _limit("tokens_per_minute", N_("Tokens a minute, of all callers")),
    _limit("concurrency", N_("Calls at once, of all callers")),
    _field("budget", N_("Budget, of all callers"), kind="number", sign="$"),
    Field(
        name="period",
        label=N_("Budget for each"),
        kind="choice",
        api="draft.budget.period",
        choices=(("day", N_("Day")), ("month", N_("Month")), ("total", N_("All time"))),
    ),
)
_OBJECTIVES = tuple(
    Field(name=f"{name}_{at}", label=label, kind=kind, api=f"draft.slos[{at}].{name}")
    for at in range(MOST_OBJECTIVES)
    for name, label, kind in (
        ("name", N_("Name"), "text"),
        ("objective", N_("Good calls, in percent"), "number"),
        ("latency_ms", N_("Within, ms"), "number"),
        ("window_days", N_("Over days"), "number"),
    )
)
PARTS = {
    "words": Part(
        N_("Words for people"),
        N_("What stands in the catalogue, and whom to ask."),
        _WORDS,
        _words,
        _words_wish,
    ),
    "terms": Part(
        N_("Terms"),
        N_("Who may call it and for how much, where no plan says another."),
        _TERMS,
        _terms,
        _terms_wish,
    ),
    "objectives": Part(
        N_("Objectives"),
        N_("What it promises: the share of calls that neither fail nor take longer. An empty name takes a line away."),
        _OBJECTIVES,
        _objectives,
        _objectives_wish,
    ),
}
