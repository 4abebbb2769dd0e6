"""`tollbridge role ...`: sets of scopes that have a name."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_fields, print_json, print_table
from tollbridge_admin.commands.reaching import ConfigOption, JsonOption, Reaching, TokenOption, UrlOption, named
from tollbridge_admin.commands.words import ScopeOption, YesOption, check_sure, wished

app = typer.Typer(help="Make, list and change roles.", no_args_is_help=True)

RoleArgument = Annotated[str, typer.Argument(metavar="ROLE")]
AboutOption = Annotated[str, typer.Option("--description", help="What it is for.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens.")],
    scope: ScopeOption = None,
    description: AboutOption = "",
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make a role."""
    wish = {"name": name, "scopes": scope or [], **wished({"description": description})}
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", "/roles", wish), as_json=as_json)


@app.command("list")
def roles(
    config: ConfigOption = None, url: UrlOption = "", token: TokenOption = "", as_json: JsonOption = False
) -> None:
    """List all roles, the built-in ones first."""
    with Reaching(config, url, token) as api:
        found = api.ask("GET", "/roles")["items"]
    if as_json:
        print_json(found)
        return
    rows = [[one["name"], one["description"], " ".join(one["scopes"])] for one in found]
    print_table("Roles", ("name", "description", "scopes"), rows, empty="There are no roles.")


@app.command("show")
def show(
    name: RoleArgument,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show one role."""
    with Reaching(config, url, token) as api:
        _print_one(api.ask("GET", f"/roles/{named(name)}"), as_json=as_json)


@app.command("edit")
def edit(
    name: RoleArgument,
    scope: ScopeOption = None,
    description: AboutOption = "",
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Change a role, and what all who have it may do, at once; scopes are replaced as a whole."""
    change = wished({"scopes": scope, "description": description})
    with Reaching(config, url, token) as api:
        _print_one(api.ask("PATCH", f"/roles/{named(name)}", change), as_json=as_json)


@app.command("remove")
def remove(
    name: RoleArgument,
    yes: YesOption = False,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Remove a role that nobody has."""
    check_sure(f"Remove the role {name}?", yes=yes)
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", f"/roles/{named(name)}/remove"), as_json=as_json)


def _print_one(role: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(role)
        return
    built_in = "yes" if role["built_in"] else "no"
    fields = {"name": role["name"], "description": role["description"], "built in": built_in}
    print_fields({**fields, "scopes": " ".join(role["scopes"])})
