"""`tollbridge token ...`: making and listing tokens, in the store of a configuration or of a gateway elsewhere."""

from typing import Annotated

import typer

from tollbridge.cli import peppers, tokenlives, tokenreports
from tollbridge.cli.output import print_json, print_table, when
from tollbridge.cli.places import Where, placed
from tollbridge.cli.tokenways import the_way
from tollbridge.cli.tokenwords import (
    BudgetOption,
    CanaryOption,
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
    print_issued,
    print_one,
    read_budget,
    read_conditions,
    read_expiry,
    read_metadata,
)
from tollbridge.clock import SystemClock
from tollbridge.tokens.scopes import EVERY_MODEL

app = typer.Typer(help="Make, list, rotate, change and revoke tokens.", no_args_is_help=True)
app.add_typer(tokenlives.app)
app.add_typer(tokenreports.app)
app.add_typer(peppers.app)

_STATES = ("active", "disabled", "revoked", "expired", "ending", "near-budget", "over-budget", "unused")
_NO_TOKEN = "There is no token yet; make one with: tollbridge token create --name NAME"
_NONE_FITS = "No token fits."


@app.command("create")
@placed
def create(
    where: Where,
    name: Annotated[str, typer.Option("--name", "-n", help="What it is for; shown in logs and on the dashboard.")],
    scope: ScopeOption = None,
    owner: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    team: Annotated[str, typer.Option(help="The team it belongs to.")] = "",
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
    test: Annotated[bool, typer.Option("--test", help="For a test environment; its secret says so.")] = False,
    canary: CanaryOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the secret and nothing else.")] = False,
) -> None:
    """Make a token.  Its secret is printed once and kept nowhere.

    Without --scope it may call every model and nothing else.
    """
    from tollbridge.tokens.model import Environment, TokenLimits  # brings msgspec
    from tollbridge.tokens.service import check_wish

    now = SystemClock().now()
    money = read_budget(budget) if budget else None
    scopes = tuple(scope) if scope else EVERY_MODEL
    expires_at = read_expiry(expires, now) if expires else None
    conditions, pairs = read_conditions(networks or (), hours), read_metadata(metadata or ())
    check_wish(name, scopes, expires_at, now)  # before a database is made for a token that will not be
    wish = {
        "name": name,
        "scopes": scopes,
        "owner": owner,
        "team": team,
        "expires_at": expires_at,
        "limits": TokenLimits(rpm, tpm, concurrency),
        "budget": money,
        "environment": Environment.TEST if test else Environment.LIVE,
        "conditions": conditions,
        "tags": tag or (),
        "metadata": pairs,
        "canary": canary,
        "rotate_days": rotate_days,
    }
    with the_way(where) as way:
        made = way.create(wish)
    fields = {
        "scopes": " ".join(made["scopes"]),
        "expires": when(made["expires_at"]),
        "secret ends": when(made["secrets"][0]["expires_at"]),
    }
    print_issued(made, fields, quiet=quiet, as_json=where.as_json)


@app.command("list")
@placed
def list_tokens(
    where: Where,
    search: Annotated[str, typer.Option(help="Part of a name, owner or id.")] = "",
    state: Annotated[str, typer.Option(help=f"One of: {', '.join(_STATES)}.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    before: Annotated[str, typer.Option(help="Go on after this id.")] = "",
    parent: Annotated[str, typer.Option(help="Only those that this token minted.")] = "",
    team: Annotated[str, typer.Option(help="Only those of this team.")] = "",
) -> None:
    """List tokens, newest first."""
    if state and state not in _STATES:
        raise typer.BadParameter(f"{state!r} is no state: {', '.join(_STATES)}")
    wanted = {"before": before, "search": search, "state": state, "parent": parent, "team": team}
    with the_way(where) as way:
        found = way.list(limit, wanted)
    if where.as_json:
        print_json(found)
        return
    rows = [
        [*(each[name] or "-" for name in ("id", "name", "owner", "state")), " ".join(each["scopes"])]
        + [when(each[name]) for name in ("last_used_at", "expires_at")]
        for each in found
    ]
    columns = ("id", "name", "owner", "state", "scopes", "last used", "expires")
    print_table("Tokens", columns, rows, empty=_NONE_FITS if any(wanted.values()) else _NO_TOKEN)


@app.command("show")
@placed
def show(
    where: Where,
    token_id: Annotated[str, typer.Argument()],
) -> None:
    """Show one token."""
    with the_way(where) as way:
        print_one(way.get(token_id), token_id, as_json=where.as_json)
