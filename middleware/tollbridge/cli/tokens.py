"""`tollbridge token ...`: making, listing and revoking tokens in the store of a configuration."""

import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tollbridge.cli.later import run
from tollbridge.cli.output import ConfigOption, JsonOption, filled, print_fields, print_json, print_table, when
from tollbridge.clock import SystemClock
from tollbridge.money import parse_usd, show_usd, to_nano
from tollbridge.tokens.scopes import EVERY_MODEL

if TYPE_CHECKING:
    from tollbridge.tokens.model import Token, TokenBudget

app = typer.Typer(help="Make, list and revoke tokens.", no_args_is_help=True)

T = TypeVar("T")
_AGE = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def with_tokens(config: Path | None, work: "Callable[[Any], Awaitable[T]]") -> T:
    """Open the gateway's store for one piece of work."""
    from tollbridge.cli.offline import Offline  # brings the store, which --help does not need

    async def open_and_work() -> T:
        async with Offline(config) as offline:
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
    """Read `25/month`, `1.50/day` or `100/total`; raises a usage error."""
    from tollbridge.tokens.model import TokenBudget  # brings msgspec

    usd, _, period = text.partition("/")
    period = period or "month"
    if period not in ("day", "month", "total"):
        raise typer.BadParameter(f"{text!r}: a budget is USD/day, USD/month or USD/total, such as 25/month")
    try:
        return TokenBudget(to_nano(parse_usd(usd)), period)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from None


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
        "owner": token.owner,
        "team": token.team,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
        "requests_per_minute": token.limits.requests_per_minute,
        "tokens_per_minute": token.limits.tokens_per_minute,
        "concurrency": token.limits.concurrency,
        "budget": None if budget is None else {"usd": show_usd(budget.amount), "period": budget.period},
    }


@app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", "-n", help="What it is for; shown in logs and on the dashboard.")],
    scope: Annotated[
        list[str] | None, typer.Option("--scope", "-s", help="What it may do; may be given several times.")
    ] = None,
    owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    team: Annotated[str, typer.Option(help="The team it belongs to.")] = "",
    expires: Annotated[str, typer.Option(help="When it ends: 90d, 12h, 2w or an ISO time.")] = "",
    rpm: Annotated[int | None, typer.Option(min=0, help="Requests a minute.")] = None,
    tpm: Annotated[int | None, typer.Option(min=0, help="Model tokens a minute.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=0, help="Calls at once.")] = None,
    budget: Annotated[str, typer.Option(help="Money: 25/month, 1.50/day or 100/total, in USD.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the secret and nothing else.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token.  Its secret is printed once and kept nowhere.

    Without --scope it may call every model and nothing else.
    """
    from tollbridge.tokens.model import TokenLimits  # brings msgspec
    from tollbridge.tokens.service import check_wish

    now = SystemClock().now()
    money = read_budget(budget) if budget else None
    scopes = tuple(scope) if scope else EVERY_MODEL
    expires_at = read_expiry(expires, now) if expires else None
    check_wish(name, scopes, expires_at, now)  # before a database is made for a token that will not be

    async def work(offline: Any) -> Any:
        return await offline.tokens.issue(
            name=name,
            scopes=scopes,
            owner=owner,
            team=team,
            expires_at=expires_at,
            limits=TokenLimits(rpm, tpm, concurrency),
            budget=money,
        )

    issued = with_tokens(config, work)
    if as_json:
        print_json({"id": issued.token.id, "token": issued.secret, **shown(issued.token)})
        return
    if quiet:
        print(issued.secret)
        return
    print_fields(
        {
            "id": issued.token.id,
            "name": issued.token.name,
            "scopes": " ".join(issued.token.scopes),
            "expires": when(issued.token.expires_at),
        }
    )
    print(f"\n{issued.secret}\n\nKeep it now: it is not shown again.")


@app.command("list")
def list_tokens(
    search: Annotated[str, typer.Option(help="Part of a name, owner or id.")] = "",
    state: Annotated[str, typer.Option(help="active, revoked or expired.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    before: Annotated[str, typer.Option(help="Go on after this id.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tokens, newest first."""
    if state not in ("", "active", "revoked", "expired"):
        raise typer.BadParameter(f"{state!r} is no state: active, revoked or expired")

    async def work(offline: Any) -> Any:
        return await offline.store.list_tokens(limit=limit, before=before or None, search=search, state=state)

    found = with_tokens(config, work)
    if as_json:
        print_json([shown(token) for token in found])
        return
    rows = [
        [t.id, t.name, t.owner or "-", t.state.value, " ".join(t.scopes), when(t.last_used_at), when(t.expires_at)]
        for t in found
    ]
    columns = ("id", "name", "owner", "state", "scopes", "last used", "expires")
    print_table(
        "Tokens", columns, rows, empty="There is no token yet; make one with: tollbridge token create --name NAME"
    )


@app.command("show")
def show(token_id: Annotated[str, typer.Argument()], config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one token."""

    async def work(offline: Any) -> Any:
        return await offline.store.get_token(token_id)

    _print_one(with_tokens(config, work), token_id, as_json=as_json)


@app.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument()],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke a token, at once and for good."""
    if not yes and not as_json and not _sure(f"Revoke {token_id}? Every caller that uses it is refused from now on"):
        print("tollbridge: nothing was changed", file=sys.stderr)
        raise typer.Exit(130)

    async def work(offline: Any) -> Any:
        return await offline.tokens.revoke(token_id)

    _print_one(with_tokens(config, work), token_id, as_json=as_json)


def _sure(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        print(file=sys.stderr)  # the question's line has no end yet
        return False


def _print_one(token: "Token | None", token_id: str, *, as_json: bool) -> None:
    if token is None:
        print(f"tollbridge: there is no token {token_id!r}; see: tollbridge token list", file=sys.stderr)
        raise typer.Exit(3)
    values = shown(token)
    if as_json:
        print_json(values)
        return
    values["scopes"] = " ".join(token.scopes)
    values["budget"] = "-" if token.budget is None else f"{show_usd(token.budget.amount)} USD a {token.budget.period}"
    rows = [[name, when(value) if isinstance(value, datetime) else filled(value)] for name, value in values.items()]
    print_table("Token", ("", ""), rows, empty="")
