"""Words of `tollbridge token`: reading what is wished of a token, and showing tokens."""

import re
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tollbridge.cli.later import run
from tollbridge.cli.output import labelled, print_fields, print_json, when
from tollbridge.money import parse_usd, show_usd, to_nano

if TYPE_CHECKING:
    from tollbridge.tokens.conditions import Conditions
    from tollbridge.tokens.model import Token, TokenBudget

T = TypeVar("T")
_AGE = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}

ScopeOption = Annotated[
    list[str] | None, typer.Option("--scope", "-s", help="What it may do; may be given several times.")
]
ExpiresOption = Annotated[str, typer.Option(help="When it ends: 90d, 12h, 2w or an ISO time.")]
RpmOption = Annotated[int | None, typer.Option(min=0, help="Requests a minute.")]
TpmOption = Annotated[int | None, typer.Option(min=0, help="Model tokens a minute.")]
ConcurrencyOption = Annotated[int | None, typer.Option(min=0, help="Calls at once.")]
BudgetOption = Annotated[str, typer.Option(help="Money: 25/month, 1.50/day or 100/total, in USD; 25 is 25/month.")]
NetworkOption = Annotated[
    list[str] | None,
    typer.Option("--from", help="An address or network it may be used from; may be given several times."),
]
HoursOption = Annotated[str, typer.Option(help="When it may be used: 'mon-fri 08:00-18:00 Europe/Berlin'.")]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="A word to find it by; may be given several times.")]
MetadataOption = Annotated[
    list[str] | None, typer.Option("--metadata", help="KEY=VALUE of your own; may be given several times.")
]
CanaryOption = Annotated[bool, typer.Option("--canary", help="Bait: whoever uses it is refused, and you are told.")]
RotateDaysOption = Annotated[
    int | None,
    typer.Option(min=0, help="How many days its secrets live; 0 for ever. By default what [tokens] says."),
]


def with_tokens(config: Path | None, work: "Callable[[Any], Awaitable[T]]", *, makes: bool = False) -> T:
    """Open the gateway's store for one piece of work, which `makes` it where there is none yet."""
    from tollbridge.cli.offline import Offline  # brings the store, which --help does not need

    async def open_and_work() -> T:
        async with Offline(config, makes=makes) as offline:
            return await work(offline)

    return run(open_and_work())


def read_expiry(text: str, now: datetime) -> datetime:
    """Read `90d`, `12h`, `2w` or an ISO time; raises a usage error."""
    age = _AGE.fullmatch(text)
    if age:
        return now + timedelta(hours=int(age[1]) * _HOURS[age[2]])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither an age such as 90d nor a time such as 2027-02-21T12:00"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def read_budget(text: str) -> "TokenBudget":
    """Read `25/month`, `1.50/day`, `100/total`, or `25` for a month; raises a usage error."""
    from tollbridge.tokens.model import TokenBudget  # brings msgspec

    usd, _, period = text.partition("/")
    period = period or "month"
    if period not in ("day", "month", "total"):
        raise typer.BadParameter(f"{text!r}: a budget is USD/day, USD/month or USD/total, and 25 is 25/month")
    try:
        return TokenBudget(to_nano(parse_usd(usd)), period)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from None


def read_conditions(networks: Sequence[str], hours: str) -> "Conditions":
    """Read networks and hours; raises a usage error."""
    from tollbridge.tokens.conditions import parse_conditions  # brings msgspec

    try:
        return parse_conditions(networks, hours)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from None


def read_metadata(pairs: Sequence[str]) -> dict[str, str]:
    """Read `KEY=VALUE` pairs; raises a usage error."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{pair!r} is not KEY=VALUE")
        found[key] = value
    return found


def shown(token: "Token") -> dict[str, object]:
    """Give a token as `--json` shows it."""
    budget = token.budget
    return {
        "id": token.id,
        "name": token.name,
        "kind": token.kind.value,
        "state": token.state.value,
        "hint": token.hint,
        "scopes": list(token.scopes),
        "environment": token.environment.value,
        "owner": token.owner,
        "team": token.team,
        "parent": token.parent or None,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "disabled_at": token.disabled_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
        "last_used_from": token.last_used_from or None,
        "last_used_for": token.last_used_for or None,
        "requests_per_minute": token.limits.requests_per_minute,
        "tokens_per_minute": token.limits.tokens_per_minute,
        "concurrency": token.limits.concurrency,
        "budget": None if budget is None else {"usd": show_usd(budget.amount), "period": budget.period},
        "from": list(token.conditions.networks),
        "hours": token.conditions.hours or None,
        "tags": list(token.tags),
        "metadata": dict(token.metadata),
        "canary": token.canary,
        "rotate_days": token.rotate_days,
        "secrets": [
            {"hint": each.hint, "created_at": each.created_at, "expires_at": each.expires_at} for each in token.secrets
        ],
    }


def print_issued(found: Mapping[str, Any], fields: Mapping[str, str], *, quiet: bool, as_json: bool) -> None:
    """Print a token as `--json` shows it with its new secret, this once."""
    if as_json:
        print_json(found)
        return
    secret = found["token"]
    if quiet:
        print(secret)
        return
    print_fields({"id": found["id"], "name": found["name"], **fields})
    print(f"\n{secret}\n\nKeep it now: it is not shown again.")


def missing(token_id: str) -> typer.Exit:
    """Say that there is no such token, and give what ends the command."""
    print(f"tollbridge: there is no token {token_id!r}; see: tollbridge token list", file=sys.stderr)
    return typer.Exit(3)


def print_one(found: Mapping[str, Any] | None, token_id: str, *, as_json: bool) -> None:
    """Print a token as `--json` shows it, or say that there is none."""
    if found is None:
        raise missing(token_id)
    if as_json:
        print_json(found)
        return
    budget = found["budget"]
    said = {
        "budget": "" if budget is None else f"{budget['usd']} USD a {budget['period']}",
        "metadata": ", ".join(f"{key}={value}" for key, value in found["metadata"].items()),
        "secrets": ", ".join(f"{each['hint']} until {when(each['expires_at'])}" for each in found["secrets"]),
    }
    print_fields(labelled({**found, **said}))
