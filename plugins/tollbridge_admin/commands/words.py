"""Words that commands share: what bounds somebody, and whether that is really meant."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

ScopeOption = Annotated[
    list[str] | None, typer.Option("--scope", "-s", help="What may be done; may be given several times.")
]
RpmOption = Annotated[int | None, typer.Option(min=0, help="Requests a minute.")]
TpmOption = Annotated[int | None, typer.Option(min=0, help="Model tokens a minute.")]
ConcurrencyOption = Annotated[int | None, typer.Option(min=0, help="Calls at once.")]
BudgetOption = Annotated[str, typer.Option(help="Money: 25/month, 1.50/day or 100/total, in USD; 25 is 25/month.")]
NetworkOption = Annotated[
    list[str] | None, typer.Option("--from", help="An address or network to call from; may be given several times.")
]
HoursOption = Annotated[str, typer.Option(help="When to call: 'mon-fri 08:00-18:00 Europe/Berlin'.")]
RotateDaysOption = Annotated[int | None, typer.Option(min=0, help="How many days secrets live; 0 for ever.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
SearchOption = Annotated[str, typer.Option("--search", help="Only those with this text in them.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]


def wished(fields: Mapping[str, Any], gone: Sequence[str] = (), known: Mapping[str, str] | None = None) -> Any:
    """Give what is said, and null for what is taken away; `known` are the words for that and their fields.

    Raises a usage error for another word.
    """
    names = known or {}
    for word in gone:
        if word not in names:
            raise typer.BadParameter(f"{word!r} cannot be taken away; known: {', '.join(names)}", param_hint="--no")
    return {name: value for name, value in fields.items() if value} | {names[word]: None for word in gone}


def counts(**fields: int | None) -> dict[str, int]:
    """Give the numbers that are said, 0 among them."""
    return {name: value for name, value in fields.items() if value is not None}


def money(text: str) -> dict[str, str] | None:
    """Read `25/month`, `1.50/day`, `100/total`, or `25` for a month; raises a usage error."""
    if not text:
        return None
    usd, _, period = text.partition("/")
    period = period or "month"
    if period not in ("day", "month", "total"):
        raise typer.BadParameter(f"{text!r}: a budget is USD/day, USD/month or USD/total, and 25 is 25/month")
    return {"usd": usd, "period": period}


def money_said(budget: Mapping[str, str] | None) -> str:
    """Show a budget as it is given."""
    return "" if budget is None else f"{budget['usd']}/{budget['period']}"


def check_sure(question: str, *, yes: bool) -> None:
    """Ask whether this is meant, unless that was said; ends with 130 where it is not."""
    if yes:
        return
    try:
        if typer.confirm(question):
            return
    except typer.Abort:
        print(file=sys.stderr)  # the question's line has no end yet
    print("tollbridge: nothing was changed", file=sys.stderr)
    raise typer.Exit(130)
