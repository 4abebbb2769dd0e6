"""`tollbridge application ...`: what calls, and its tokens."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands import analytics
from tollbridge_admin.commands.acting import Acting, check_meant
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.spans import ends
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
    counts,
    money,
    money_said,
    wished,
)

app = typer.Typer(help="Make applications, change them, and make their tokens.", no_args_is_help=True)
app.add_typer(analytics.applications)

ApplicationArgument = Annotated[str, typer.Argument(metavar="ID", help="The id of the application.")]
NameOption = Annotated[str, typer.Option("--name", "-n", help="What it is called, once in its team.")]
OwnerOption = Annotated[str, typer.Option(help="Who answers for it.")]
AboutOption = Annotated[str, typer.Option("--description", help="What it is about.")]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="A word of yours; several times.")]
_NO_MORE = {
    **{"rpm": "requests_per_minute", "tpm": "tokens_per_minute", "concurrency": "concurrency", "budget": "budget"},
    **{"from": "from", "hours": "hours", "scopes": "scopes", "tags": "tags", "owner": "owner"},
    "description": "description",
}


@app.command("create")
@placed
def create(
    where: Where,
    name: NameOption,
    team: Annotated[str, typer.Option(help="Whose it is; without it the operator's.")] = "",
    owner: OwnerOption = "",
    description: AboutOption = "",
    scope: ScopeOption = None,
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    networks: NetworkOption = None,
    hours: HoursOption = "",
    tag: TagOption = None,
) -> None:
    """Make an application.  It may call what it subscribes to, and what --scope says beside."""
    said = {"name": name, "team": team, "owner": owner, "description": description, "scopes": scope, "tags": tag}
    bounds = {"budget": money(budget), "from": networks, "hours": hours}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency)
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", "/applications", wished({**said, **bounds}) | numbers), as_json=where.as_json)


@app.command("list")
@placed
def applications(
    where: Where,
    search: SearchOption = "",
    team: Annotated[str, typer.Option(help="Only those of this team.")] = "",
    state: Annotated[str, typer.Option(help="Only those that are active, disabled or revoked.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List applications, newest first."""
    query = {"q": search or None, "team": team or None, "state": state or None}
    with Reaching.of(where) as api:
        found = list(api.items("/applications", query, most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("id", "name", "state", "team", "owner", "scopes", "subscribed")
    rows = [
        [
            *(one["id"], one["name"], one["state"], one["team"] or "-", one["owner"] or "-"),
            *(" ".join(one["scopes"]), " ".join(one["subscribed_scopes"])),
        ]
        for one in found
    ]
    print_table("Applications", columns, rows, empty="There is no application.")


@app.command("show")
@placed
def show(where: Where, application: ApplicationArgument) -> None:
    """Show one application."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", _path(application)), as_json=where.as_json)


@app.command("edit")
@placed
def edit(
    where: Where,
    application: ApplicationArgument,
    name: NameOption = "",
    owner: OwnerOption = "",
    description: AboutOption = "",
    scope: ScopeOption = None,
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    networks: NetworkOption = None,
    hours: HoursOption = "",
    tag: TagOption = None,
    no: Annotated[
        list[str] | None, typer.Option("--no", help=f"Take one of these away: {', '.join(_NO_MORE)}.")
    ] = None,
) -> None:
    """Change what the options name, at once; lists are replaced as a whole, and what is subscribed stays."""
    said = {"name": name, "owner": owner, "description": description, "scopes": scope, "tags": tag}
    bounds = {"budget": money(budget), "from": networks, "hours": hours}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency)
    change = numbers | wished({**said, **bounds}, no or (), _NO_MORE)
    with Reaching.of(where) as api:
        _print_one(api.ask("PATCH", _path(application), change), as_json=where.as_json)


@app.command("transfer")
@placed
def transfer(
    where: Where,
    application: ApplicationArgument,
    team: Annotated[str, typer.Argument(help="Whose it is to be; '' for the operator.")],
    yes: YesOption = False,
) -> None:
    """Give an application and all of its tokens to another team, whose bounds hold from then on."""
    with Reaching.of(where) as api:
        whose = f"the team {team}" if team else "the operator"
        check_meant(api, _path(application), f"Give {application} and all of its tokens to {whose}?", yes=yes)
        _print_one(api.ask("POST", f"{_path(application)}/transfer", {"team": team}), as_json=where.as_json)


@app.command("tokens")
@placed
def tokens(where: Where, application: ApplicationArgument, search: SearchOption = "", limit: LimitOption = 50) -> None:
    """List the tokens of an application, newest first."""
    with Reaching.of(where) as api:
        found = list(api.items(f"{_path(application)}/tokens", {"q": search or None}, most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("id", "name", "state", "scopes", "last used")
    rows = [
        [one["id"], one["name"], one["state"], " ".join(one["scopes"]), when_said(one["last_used_at"])] for one in found
    ]
    print_table("Tokens", columns, rows, empty="It has no token.")


@app.command("add-token")
@placed
def add_token(
    where: Where,
    application: ApplicationArgument,
    name: Annotated[str, typer.Option("--name", "-n", help="What it is for.")],
    scope: ScopeOption = None,
    owner: OwnerOption = "",
    expires: Annotated[str, typer.Option(help="When it ends: 90d, 12h or an ISO time.")] = "",
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    networks: NetworkOption = None,
    hours: HoursOption = "",
    tag: TagOption = None,
    rotate_days: RotateDaysOption = None,
) -> None:
    """Make a token of an application; its secret is printed this once.

    Without --scope it may do all calls of the application, those too that it subscribes to later.
    """
    said = {"name": name, "scopes": scope, "owner": owner, "tags": tag, **ends(expires)}
    bounds = {"budget": money(budget), "from": networks, "hours": hours}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency, rotate_days=rotate_days)
    with Reaching.of(where) as api:
        made = api.ask("POST", f"{_path(application)}/tokens", wished({**said, **bounds}) | numbers)
    if where.as_json:
        print_json(made)
        return
    words = ("id", "name", "state", "team", "parent", "scopes", "expires_at")
    print_fields(labelled({word: made[word] for word in words}))
    print(f"\nIts secret, shown this once:\n{made['token']}")


def _path(application: str) -> str:
    return f"/applications/{named(application)}"


def _print_one(application: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(application)
        return
    words = ("id", "name", "team", "owner", "description", "state", "scopes", "subscribed_scopes")
    limits = ("requests_per_minute", "tokens_per_minute", "concurrency", "budget", "from", "hours")
    more = ("tags", "created_at", "ended_at")
    said = {**application, "budget": money_said(application["budget"])}
    print_fields(labelled({word: said[word] for word in (*words, *limits, *more)}))


_ACTING = Acting(
    app=app, metavar="ID", help="The id of the application.", path=lambda api, id: _path(id), show=_print_one
)
_ACTING.does("disable", "Switch an application and all of its tokens off, at once, until it is enabled.")
_ACTING.does("enable", "Switch an application on again, and what was disabled with it.")
_ACTING.does(
    "end",
    "End an application and all of its tokens, at once and for good.",
    sure="End {}? All of its tokens are refused from now on",
)
