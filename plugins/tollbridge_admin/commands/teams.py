"""`tollbridge team ...`: teams, and who is in them."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands import invitations, teammembers
from tollbridge_admin.commands.acting import Acting
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed
from tollbridge_admin.commands.words import (
    BudgetOption,
    ConcurrencyOption,
    HoursOption,
    LimitOption,
    NetworkOption,
    RotateDaysOption,
    RpmOption,
    ScopeOption,
    SearchOption,
    TpmOption,
    counts,
    money,
    money_said,
    wished,
)

app = typer.Typer(help="Make, list and change teams, and say who is in them.", no_args_is_help=True)
app.add_typer(teammembers.app)
app.add_typer(invitations.app)

_NO_MORE = {
    **{"rpm": "requests_per_minute", "tpm": "tokens_per_minute", "concurrency": "concurrency"},
    **{"budget": "budget", "from": "from", "hours": "hours", "rotate-days": "rotate_days"},
}

TeamArgument = Annotated[str, typer.Argument(metavar="TEAM")]
TitleOption = Annotated[str, typer.Option(help="What people call it.")]
AboutOption = Annotated[str, typer.Option("--description", help="What it is about.")]


@app.command("create")
@placed
def create(
    where: Where,
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens; what its tokens have as team.")],
    title: TitleOption = "",
    description: AboutOption = "",
    scope: ScopeOption = None,
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    networks: NetworkOption = None,
    hours: HoursOption = "",
    rotate_days: RotateDaysOption = None,
) -> None:
    """Make a team.  Tokens that have its name as team are its own from then on.

    Without --scope it may do what the role team-admin names.
    """
    said = {"name": name, "title": title, "description": description, "scopes": scope}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency, rotate_days=rotate_days)
    more = {"budget": money(budget), "from": networks, "hours": hours}
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", "/teams", wished({**said, **more}) | numbers), as_json=where.as_json)


@app.command("list")
@placed
def teams(where: Where, search: SearchOption = "", limit: LimitOption = 50) -> None:
    """List teams by their names."""
    with Reaching.of(where) as api:
        found = list(api.items("/teams", {"q": search or None}, most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("name", "title", "state", "budget", "scopes")
    rows = [
        [one["name"], one["title"], one["state"], money_said(one["budget"]), " ".join(one["scopes"])] for one in found
    ]
    print_table("Teams", columns, rows, empty="There are no teams.")


@app.command("show")
@placed
def show(where: Where, name: TeamArgument) -> None:
    """Show one team."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", _path(name)), as_json=where.as_json)


@app.command("edit")
@placed
def edit(
    where: Where,
    name: TeamArgument,
    title: TitleOption = "",
    description: AboutOption = "",
    scope: ScopeOption = None,
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    networks: NetworkOption = None,
    hours: HoursOption = "",
    rotate_days: RotateDaysOption = None,
    no: Annotated[
        list[str] | None, typer.Option("--no", help=f"Take one of these away: {', '.join(_NO_MORE)}.")
    ] = None,
) -> None:
    """Change a team and what all in it may do, at once; what is not named stays."""
    said = {"title": title, "description": description, "scopes": scope}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency, rotate_days=rotate_days)
    more = {"budget": money(budget), "from": networks, "hours": hours}
    change = numbers | wished({**said, **more}, no or (), _NO_MORE)
    with Reaching.of(where) as api:
        _print_one(api.ask("PATCH", _path(name), change), as_json=where.as_json)


def _path(name: str) -> str:
    return f"/teams/{named(name)}"


def _print_one(team: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(team)
        return
    words = ("name", "title", "description", "state", "holder", "scopes")
    limits = ("requests_per_minute", "tokens_per_minute", "concurrency")
    more = ("budget", "from", "hours", "rotate_days", "created_at", "ended_at")
    shown = {**team, "budget": money_said(team["budget"])}
    print_fields(labelled({word: shown[word] for word in (*words, *limits, *more)}))


_ACTING = Acting(app=app, metavar="TEAM", path=lambda api, name: _path(name), show=_print_one)
_ACTING.does("disable", "Switch a team and all in it off, at once, until it is enabled.")
_ACTING.does("enable", "Switch a team on again, and what was disabled with it.")
_ACTING.does(
    "end",
    "End a team, its memberships and all of its tokens, at once and for good.",
    sure="End {}? All of its tokens are refused from now on, and its name is not given again",
)
