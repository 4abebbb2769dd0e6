"""`tollbridge role ...`: sets of scopes that have a name."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands.acting import Acting
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed
from tollbridge_admin.commands.words import LimitOption, ScopeOption, SearchOption, wished

app = typer.Typer(help="Make, list and change roles.", no_args_is_help=True)

RoleArgument = Annotated[str, typer.Argument(metavar="ROLE")]
AboutOption = Annotated[str, typer.Option("--description", help="What it is for.")]


@app.command("create")
@placed
def create(
    where: Where,
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens.")],
    scope: ScopeOption = None,
    description: AboutOption = "",
) -> None:
    """Make a role."""
    wish = {"name": name, "scopes": scope or [], **wished({"description": description})}
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", "/roles", wish), as_json=where.as_json)


@app.command("list")
@placed
def roles(where: Where, search: SearchOption = "", limit: LimitOption = 200) -> None:
    """List all roles, the built-in ones first."""
    with Reaching.of(where) as api:
        found = list(api.items("/roles", {"q": search or None}, most=limit))
    if where.as_json:
        print_json(found)
        return
    rows = [[one["name"], one["description"], " ".join(one["scopes"])] for one in found]
    print_table("Roles", ("name", "description", "scopes"), rows, empty="There are no roles.")


@app.command("show")
@placed
def show(where: Where, name: RoleArgument) -> None:
    """Show one role."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", f"/roles/{named(name)}"), as_json=where.as_json)


@app.command("edit")
@placed
def edit(where: Where, name: RoleArgument, scope: ScopeOption = None, description: AboutOption = "") -> None:
    """Change a role, and what all who have it may do, at once; scopes are replaced as a whole."""
    change = wished({"scopes": scope, "description": description})
    with Reaching.of(where) as api:
        _print_one(api.ask("PATCH", f"/roles/{named(name)}", change), as_json=where.as_json)


def _print_one(role: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(role)
        return
    print_fields(labelled({word: role[word] for word in ("name", "description", "built_in", "scopes")}))


_ACTING = Acting(app=app, metavar="ROLE", path=lambda api, name: f"/roles/{named(name)}", show=_print_one)
_ACTING.does("remove", "Remove a role that nobody has.", sure="Remove the role {}?")
