"""`tollbridge person ...`: who may sign in."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_fields, print_json, print_table
from tollbridge_admin.commands.reaching import (
    ConfigOption,
    JsonOption,
    Reaching,
    TokenOption,
    UrlOption,
    named,
    when_said,
)
from tollbridge_admin.commands.teammembers import PersonArgument, RoleOption, person_id, print_members
from tollbridge_admin.commands.words import LimitOption, SearchOption, YesOption, check_sure, wished

app = typer.Typer(help="Say who may sign in, and as what.", no_args_is_help=True)

StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
WithoutOption = Annotated[bool, typer.Option("--no-password", help="None: they sign in by an issuer alone.")]


@app.command("add")
def add(
    email: Annotated[str, typer.Option("--email", "-e", help="Their address; what they sign in with.")],
    name: Annotated[str, typer.Option("--name", "-n", help="What they are called.")],
    role: Annotated[str, typer.Option("--role", "-r", help="What they are in the whole bridge.")] = "",
    password_stdin: StdinOption = False,
    no_password: WithoutOption = False,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Add a person.  The password is asked for twice; it is never an argument, which others on the machine see.

    The first administrator: tollbridge person add --role platform-admin --email ... --name ...
    """
    password = read_password(stdin=password_stdin, without=no_password)
    wish = wished({"email": email, "name": name, "role": role, "password": password})
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", "/people", wish), as_json=as_json)


@app.command("list")
def people(
    search: SearchOption = "",
    team: Annotated[str, typer.Option(help="Only members of this team.")] = "",
    limit: LimitOption = 50,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List people, newest first."""
    with Reaching(config, url, token) as api:
        found = list(api.items("/people", {"q": search or None, "team": team or None}, most=limit))
    if as_json:
        print_json(found)
        return
    columns = ("id", "name", "e-mail", "state", "last seen")
    rows = [[one["id"], one["name"], one["email"], _state(one), when_said(one["last_seen_at"])] for one in found]
    print_table("People", columns, rows, empty="There is nobody.")


@app.command("show")
def show(
    person: PersonArgument,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show one person, and what they are in which teams."""
    with Reaching(config, url, token) as api:
        _print_one(api.ask("GET", _path(api, person)), as_json=as_json)


@app.command("edit")
def edit(
    person: PersonArgument,
    email: Annotated[str, typer.Option("--email", "-e", help="Their address.")] = "",
    name: Annotated[str, typer.Option("--name", "-n", help="What they are called.")] = "",
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Change a person."""
    with Reaching(config, url, token) as api:
        change = wished({"email": email, "name": name})
        _print_one(api.ask("PATCH", _path(api, person), change), as_json=as_json)


@app.command("password")
def password(
    person: PersonArgument,
    password_stdin: StdinOption = False,
    no_password: WithoutOption = False,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a person another password; all of their sessions end."""
    with Reaching(config, url, token) as api:
        path = _path(api, person)
        change = {"password": read_password(stdin=password_stdin, without=no_password)}
        _print_one(api.ask("PATCH", path, change), as_json=as_json)


@app.command("give")
def give(
    person: PersonArgument,
    role: RoleOption,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a person a role in the whole bridge, in place of the one before."""
    with Reaching(config, url, token) as api:
        found = api.ask("POST", "/members", {"person": person_id(api, person), "role": role})
    print_members([found], as_json=as_json)


@app.command("take")
def take(
    person: PersonArgument,
    yes: YesOption = False,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take the role in the whole bridge away; all that was made with it ends, at once and for good."""
    check_sure(f"Take the role of {person} away? All that they made with it ends", yes=yes)
    with Reaching(config, url, token) as api:
        found = api.ask("POST", f"/members/{named(person_id(api, person))}/remove")
    print_members([found], as_json=as_json)


@app.command("disable")
def disable(
    person: PersonArgument,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Switch a person off, at once: memberships, what was made with them, and sessions."""
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", f"{_path(api, person)}/disable"), as_json=as_json)


@app.command("enable")
def enable(
    person: PersonArgument,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Switch a person on again, and what was disabled with them."""
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", f"{_path(api, person)}/enable"), as_json=as_json)


@app.command("remove")
def remove(
    person: PersonArgument,
    yes: YesOption = False,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Forget a person; memberships, what was made with them and sessions end, at once and for good."""
    check_sure(f"Remove {person}? All that they made ends", yes=yes)
    with Reaching(config, url, token) as api:
        _print_one(api.ask("POST", f"{_path(api, person)}/remove"), as_json=as_json)


def read_password(*, stdin: bool, without: bool) -> str | None:
    """Ask for a password twice, or read it from standard input, None for none; raises a usage error."""
    if stdin and without:
        raise typer.BadParameter("--password-stdin and --no-password exclude each other")
    if without:
        return None
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask at; give --password-stdin, or --no-password")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _path(api: Any, person: str) -> str:
    return f"/people/{named(person_id(api, person))}"


def _state(person: Mapping[str, Any]) -> str:
    return "active" if person["disabled_at"] is None else "disabled"


def _print_one(person: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(person)
        return
    since = when_said(person["password_at"]) if person["has_password"] else "none"
    fields = {word: person[word] for word in ("id", "name", "email")}
    times = {"created": when_said(person["created_at"]), "last seen": when_said(person["last_seen_at"])}
    roles = {one["team"] or "the whole bridge": one["role"] for one in person.get("memberships", ())}
    print_fields({**fields, "state": _state(person), "password since": since, **times, **roles})
