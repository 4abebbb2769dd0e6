"""`tollbridge token ...`: what befalls a token after it was made."""

import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tollbridge.cli.output import ConfigOption, JsonOption, when
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
    with_tokens,
)
from tollbridge.clock import SystemClock

if TYPE_CHECKING:
    from tollbridge.stores.changes import TokenChange
    from tollbridge.tokens.conditions import Conditions
    from tollbridge.tokens.model import Token, TokenLimits

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
def rotate(
    token_id: TokenArgument,
    overlap: Annotated[str, typer.Option(help="How long the old secret still opens: now, 1h, 24h, 7d.")] = "24h",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the secret and nothing else.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a token a new secret, printed once; the old one opens a while longer."""
    span = read_overlap(overlap)

    async def work(offline: Any) -> Any:
        return await offline.tokens.rotate(token_id, span, by=offline.actor)

    issued = with_tokens(config, work)
    if issued is None:
        raise missing(token_id)
    fields = {f"{each.hint} opens until": when(each.expires_at) for each in issued.token.secrets}
    print_issued(issued, fields, quiet=quiet, as_json=as_json)


@app.command("edit")
def edit(
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
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a token at once; what is not named stays, lists are replaced as a whole."""
    gone = frozenset(no or ())
    for word in gone.difference(_NO_MORE):
        raise typer.BadParameter(f"{word!r} cannot be taken away; known: {', '.join(_NO_MORE)}", param_hint="--no")
    wished: dict[str, Any] = {
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

    async def work(offline: Any) -> Any:
        token = await offline.store.get_token(token_id)
        if token is None:
            return None
        changes = _changes(wished, gone)
        changes |= {"limits": _limits(token, limits, gone), "conditions": _conditions(token, networks, hours, gone)}
        return await offline.tokens.change(token_id, _change(changes), by=offline.actor)

    print_one(with_tokens(config, work), token_id, as_json=as_json)


@app.command("disable")
def disable(token_id: TokenArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Switch a token and those it minted off, at once, until it is enabled."""

    async def work(offline: Any) -> Any:
        return await offline.tokens.disable(token_id, by=offline.actor)

    print_one(with_tokens(config, work), token_id, as_json=as_json)


@app.command("enable")
def enable(token_id: TokenArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Switch a token on again, and those that were disabled with it."""

    async def work(offline: Any) -> Any:
        return await offline.tokens.enable(token_id, by=offline.actor)

    print_one(with_tokens(config, work), token_id, as_json=as_json)


@app.command("revoke")
def revoke(
    token_id: TokenArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke a token and those it minted, at once and for good."""
    if not yes and not as_json and not _sure(f"Revoke {token_id}? Every caller that uses it is refused from now on"):
        print("tollbridge: nothing was changed", file=sys.stderr)
        raise typer.Exit(130)

    async def work(offline: Any) -> Any:
        return await offline.tokens.revoke(token_id, by=offline.actor)

    print_one(with_tokens(config, work), token_id, as_json=as_json)


def _change(changes: dict[str, Any]) -> "TokenChange":
    from tollbridge.stores.changes import TokenChange  # brings msgspec

    return TokenChange(**changes)


def _changes(wished: dict[str, Any], gone: frozenset[str]) -> dict[str, Any]:
    """Give what is wished, and what an option that was taken away leaves."""
    left: dict[str, Any] = {"expires": None, "budget": None, "tag": (), "metadata": {}, "rotate-days": None}
    named = {"expires": "expires_at", "tag": "tags", "rotate-days": "rotate_days"}
    changes = {name: value for name, value in wished.items() if value is not None}
    return changes | {named.get(word, word): value for word, value in left.items() if word in gone}


def _limits(token: "Token", wished: dict[str, int | None], gone: frozenset[str]) -> "TokenLimits":
    words = {"requests_per_minute": "rpm", "tokens_per_minute": "tpm", "concurrency": "concurrency"}
    given: dict[str, int | None] = {name: value for name, value in wished.items() if value is not None}
    given |= {name: None for name, word in words.items() if word in gone}
    return type(token.limits)(**{name: getattr(token.limits, name) for name in words} | given)


def _conditions(token: "Token", networks: list[str] | None, hours: str, gone: frozenset[str]) -> "Conditions":
    before = token.conditions
    kept = () if "from" in gone else before.networks
    return read_conditions(networks or kept, hours or ("" if "hours" in gone else before.hours))


def _sure(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        print(file=sys.stderr)  # the question's line has no end yet
        return False
