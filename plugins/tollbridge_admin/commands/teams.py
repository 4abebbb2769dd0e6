"""`tollbridge team ...`: teams, and who is in them."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_fields, print_json, print_table
from tollbridge_admin.commands import teammembers
from tollbridge_admin.commands.reaching import (
    ConfigOption,
    JsonOption,
    Reaching,
    TokenOption,
    UrlOption,
    named,
    when_said,
)
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
    YesOption,
    check_sure,
    counts,
    money,
    money_said,
    wished,
)

app = typer.Typer(help="Make, list and change teams, and say who is in them.", no_args_is_help=True)
app.add_typer(teammembers.app)

_NO_MORE = {
    **{"rpm": "requests_per_minute", "tpm": "tokens_per_minute", "concurrency": "concurrency"},
    **{"budget": "budget", "from": "from", "hours": "hours", "rotate-days": "rotate_days"},
}

TeamArgument = Annotated[str, typer.Argument(metavar="TEAM")]
TitleOption = Annotated[str, typer.Option(help="What people call it.")]
AboutOption = Annotated[str, typer.Option("--description", help="What it is about.")]


@app.command("create")
def create(
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
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a team.  Tokens that have its name as team are its own from then on.

    Without --scope it may do what the role team-admin names.
    """
    said = {"name": name, "title": title, "description": description, "scopes": scope}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency, rotate_days=rotate_days)
    more = {"budget": money(budget), "from": networks, "hours": hours}
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", "/teams", wished({**said, **more}) | numbers), as_json=as_json)


@app.command("list")
def teams(
    search: SearchOption = "",
    limit: LimitOption = 50,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List teams by their names."""
    with Reaching(config, url, token) as api:
        found = list(api.items("/teams", {"q": search or None}, most=limit))
    if as_json:
        print_json(found)
        return
    columns = ("name", "title", "state", "budget", "scopes")
    rows = [
        [one["name"], one["title"], one["state"], money_said(one["budget"]), " ".join(one["scopes"])] for one in found
    ]
    print_table("Teams", columns, rows, empty="There are no teams.")


@app.command("show")
def show(
    name: TeamArgument,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show one team."""
    with Reaching(config, url, token) as api:
        _print_one(api.ask("GET", _path(name)), as_json=as_json)


@app.command("edit")
def edit(
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
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Change a team and what all in it may do, at once; what is not named stays."""
    said = {"title": title, "description": description, "scopes": scope}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency, rotate_days=rotate_days)
    more = {"budget": money(budget), "from": networks, "hours": hours}
    change = numbers | wished({**said, **more}, no or (), _NO_MORE)
    with Reaching(config, url, token) as api:
        _print_one(api.ask("PATCH", _path(name), change), as_json=as_json)


@app.command("disable")
def disable(
    name: TeamArgument,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Switch a team and all in it off, at once, until it is enabled."""
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", f"{_path(name)}/disable"), as_json=as_json)


@app.command("enable")
def enable(
    name: TeamArgument,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Switch a team on again, and what was disabled with it."""
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", f"{_path(name)}/enable"), as_json=as_json)


@app.command("end")
def end(
    name: TeamArgument,
    yes: YesOption = False,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """End a team, its memberships and all of its tokens, at once and for good."""
    check_sure(f"End {name}? All of its tokens are refused from now on, and its name is not given again", yes=yes)
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", f"{_path(name)}/end"), as_json=as_json)


def _path(name: str) -> str:
    return f"/teams/{named(name)}"


def _print_one(team: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(team)
        return
    fields = {word: team[word] for word in ("name", "title", "description", "state", "holder")}
    limits = {word: team[word] for word in ("requests_per_minute", "tokens_per_minute", "concurrency")}
    more = {"budget": money_said(team["budget"]), "from": " ".join(team["from"]), "hours": team["hours"]}
    times = {"created": when_said(team["created_at"]), "ended": when_said(team["ended_at"])}
    scopes = {"scopes": " ".join(team["scopes"])}
    print_fields({**fields, **scopes, **limits, **more, "rotate days": team["rotate_days"], **times})
