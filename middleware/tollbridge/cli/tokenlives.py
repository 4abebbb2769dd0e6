"""`tollbridge token ...`: what befalls a token after it was made."""

import re
import sys
from datetime import timedelta
from typing import Annotated

import typer

from tollbridge.cli.output import when
from tollbridge.cli.places import Where, placed
from tollbridge.cli.tokenways import Edit, the_way
from tollbridge.cli.tokenwords import (
    BudgetOption,
    ConcurrencyOption,
    ExpiresOption,
    HoursOption,
    MetadataOption,
    NetworkOption,
    RotateDaysOption,
    RpmOption,
    ScopeOption,
    TagOption,
    TpmOption,
    missing,
    print_issued,
    print_one,
    read_budget,
    read_conditions,
    read_expiry,
    read_metadata,
)
from tollbridge.clock import SystemClock

app = typer.Typer()
"""Commands that stand beside those of `tokens`."""

TokenArgument = Annotated[str, typer.Argument()]

_SPAN = re.compile(r"(\d{1,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}
_NO_MORE = ("expires", "budget", "rpm", "tpm", "concurrency", "from", "hours", "tag", "metadata", "rotate-days")


def read_overlap(text: str) -> timedelta:
    """Read `now`, `30m`, `24h` or `7d`; raises a usage error."""
    if text == "now":
        return timedelta(0)
    span = _SPAN.fullmatch(text)
    if span is None:
        raise typer.BadParameter(f"{text!r} is no overlap: now, or a span such as 1h, 24h or 7d")
    return timedelta(minutes=int(span[1]) * _MINUTES[span[2]])


@app.command("rotate")
@placed
def rotate(
    where: Where,
    token_id: TokenArgument,
    overlap: Annotated[str, typer.Option(help="How long the old secret still opens: now, 1h, 24h, 7d.")] = "24h",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the secret and nothing else.")] = False,
) -> None:
    """Give a token a new secret, printed once; the old one opens a while longer."""
    span = read_overlap(overlap)
    with the_way(where) as way:
        found = way.rotate(token_id, span)
    if found is None:
        raise missing(token_id)
    fields = {f"{each['hint']} opens until": when(each["expires_at"]) for each in found["secrets"]}
    print_issued(found, fields, quiet=quiet, as_json=where.as_json)


@app.command("edit")
@placed
def edit(
    where: Where,
    token_id: TokenArgument,
    name: Annotated[str, typer.Option("--name", "-n", help="What it is for.")] = "",
    scope: ScopeOption = None,
    expires: ExpiresOption = "",
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    networks: NetworkOption = None,
    hours: HoursOption = "",
    tag: TagOption = None,
    metadata: MetadataOption = None,
    rotate_days: RotateDaysOption = None,
    no: Annotated[
        list[str] | None, typer.Option("--no", help=f"Take one of these away: {', '.join(_NO_MORE)}.")
    ] = None,
) -> None:
    """Change a token at once; what is not named stays, lists are replaced as a whole."""
    gone = frozenset(no or ())
    for word in gone.difference(_NO_MORE):
        raise typer.BadParameter(f"{word!r} cannot be taken away; known: {', '.join(_NO_MORE)}", param_hint="--no")
    wished = {
        "name": name or None,
        "scopes": tuple(scope) if scope else None,
        "expires_at": read_expiry(expires, SystemClock().now()) if expires else None,
        "budget": read_budget(budget) if budget else None,
        "tags": tuple(tag) if tag else None,
        "metadata": read_metadata(metadata) if metadata else None,
        "rotate_days": rotate_days,
    }
    limits = {"requests_per_minute": rpm, "tokens_per_minute": tpm, "concurrency": concurrency}
    read_conditions(networks or (), hours)
    wish = Edit(
        {name: value for name, value in wished.items() if value is not None},
        {name: value for name, value in limits.items() if value is not None},
        networks or (),
        hours,
        gone,
    )
    with the_way(where) as way:
        print_one(way.edit(token_id, wish), token_id, as_json=where.as_json)


@app.command("disable")
@placed
def disable(where: Where, token_id: TokenArgument) -> None:
    """Switch a token and those it minted off, at once, until it is enabled."""
    with the_way(where) as way:
        print_one(way.act(token_id, "disable"), token_id, as_json=where.as_json)


@app.command("enable")
@placed
def enable(where: Where, token_id: TokenArgument) -> None:
    """Switch a token on again, and those that were disabled with it."""
    with the_way(where) as way:
        print_one(way.act(token_id, "enable"), token_id, as_json=where.as_json)


@app.command("revoke")
@placed
def revoke(
    where: Where,
    token_id: TokenArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Revoke a token and those it minted, at once and for good."""
    if (
        not yes
        and not where.as_json
        and not _sure(f"Revoke {token_id}? Every caller that uses it is refused from now on")
    ):
        print("tollbridge: nothing was changed", file=sys.stderr)
        raise typer.Exit(130)
    with the_way(where) as way:
        print_one(way.act(token_id, "revoke"), token_id, as_json=where.as_json)


def _sure(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        print(file=sys.stderr)  # the question's line has no end yet
        return False
