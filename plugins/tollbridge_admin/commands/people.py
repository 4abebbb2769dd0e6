"""`tollbridge person ...`: who may sign in."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_fields, print_json, print_table
from tollbridge_admin.commands import personsessions
from tollbridge_admin.commands.acting import Acting, check_meant
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.teammembers import PersonArgument, RoleOption, person_id, print_members, print_replaced
from tollbridge_admin.commands.words import LimitOption, SearchOption, YesOption, wished

app = typer.Typer(help="Say who may sign in, and as what.", no_args_is_help=True)
app.add_typer(personsessions.app)

StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
WithoutOption = Annotated[bool, typer.Option("--no-password", help="None: they sign in by an issuer alone.")]


@app.command("add")
@placed
def add(
    where: Where,
    email: Annotated[str, typer.Option("--email", "-e", help="Their address; what they sign in with.")],
    name: Annotated[str, typer.Option("--name", "-n", help="What they are called.")],
    role: Annotated[str, typer.Option("--role", "-r", help="What they are in the whole bridge.")] = "",
    password_stdin: StdinOption = False,
    no_password: WithoutOption = False,
) -> None:
    """Add a person.  The password is asked for twice; it is never an argument, which others on the machine see.

    The first administrator: tollbridge person add --role platform-admin --email ... --name ...
    """
    password = read_password(stdin=password_stdin, without=no_password)
    wish = wished({"email": email, "name": name, "role": role, "password": password})
    with Reaching.of(where) as api:
        _print_one(api.ask("POST", "/people", wish), as_json=where.as_json)


@app.command("list")
@placed
def people(
    where: Where,
    search: SearchOption = "",
    team: Annotated[str, typer.Option(help="Only members of this team.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List people, newest first."""
    with Reaching.of(where) as api:
        found = list(api.items("/people", {"q": search or None, "team": team or None}, most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("id", "name", "e-mail", "state", "last seen")
    rows = [[one["id"], one["name"], one["email"], _state(one), when_said(one["last_seen_at"])] for one in found]
    print_table("People", columns, rows, empty="There is nobody.")


@app.command("show")
@placed
def show(where: Where, person: PersonArgument) -> None:
    """Show one person, and what they are in which teams."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", _path(api, person)), as_json=where.as_json)


@app.command("edit")
@placed
def edit(
    where: Where,
    person: PersonArgument,
    email: Annotated[str, typer.Option("--email", "-e", help="Their address.")] = "",
    name: Annotated[str, typer.Option("--name", "-n", help="What they are called.")] = "",
) -> None:
    """Change a person."""
    with Reaching.of(where) as api:
        change = wished({"email": email, "name": name})
        _print_one(api.ask("PATCH", _path(api, person), change), as_json=where.as_json)


@app.command("password")
@placed
def password(
    where: Where,
    person: PersonArgument,
    password_stdin: StdinOption = False,
    no_password: WithoutOption = False,
) -> None:
    """Give a person another password; all of their sessions end."""
    with Reaching.of(where) as api:
        path = _path(api, person)
        change = {"password": read_password(stdin=password_stdin, without=no_password)}
        _print_one(api.ask("PATCH", path, change), as_json=where.as_json)


@app.command("roles")
@placed
def roles(where: Where, limit: LimitOption = 50) -> None:
    """List who has a role in the whole bridge."""
    with Reaching.of(where) as api:
        found = list(api.items("/members", most=limit))
    print_members(found, as_json=where.as_json)


@app.command("give")
@placed
def give(where: Where, person: PersonArgument, role: RoleOption) -> None:
    """Give a person a role in the whole bridge, in place of the one before."""
    with Reaching.of(where) as api:
        found = api.ask("POST", "/members", {"person": person_id(api, person), "role": role})
    print_members([found], as_json=where.as_json)
    print_replaced(found, as_json=where.as_json)


@app.command("take")
@placed
def take(where: Where, person: PersonArgument, yes: YesOption = False) -> None:
    """Take the role in the whole bridge away; all that was made with it ends, at once and for good."""
    with Reaching.of(where) as api:
        path = f"/members/{named(person_id(api, person))}"
        question = f"Take the role of {person} away? All that they made with it ends"
        check_meant(api, path, question, yes=yes)
        found = api.ask("POST", f"{path}/remove")
    print_members([found], as_json=where.as_json)


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


_ACTING = Acting(app=app, metavar="PERSON", help="An e-mail address, or an id.", path=_path, show=_print_one)
_ACTING.does("disable", "Switch a person off, at once: memberships, what was made with them, and sessions.")
_ACTING.does("enable", "Switch a person on again, and what was disabled with them.")
_ACTING.does(
    "remove",
    "Forget a person; memberships, what was made with them and sessions end, at once and for good.",
    sure="Remove {}? All that they made ends",
)
