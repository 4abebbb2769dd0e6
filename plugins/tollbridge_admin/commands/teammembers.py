"""`tollbridge team members`, `join` and `leave`: who is in a team, and as what."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_json, print_table
from tollbridge_admin.commands.acting import check_meant
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.words import LimitOption, YesOption

app = typer.Typer()

TeamArgument = Annotated[str, typer.Argument(metavar="TEAM")]
PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="An e-mail address, or an id.")]
RoleOption = Annotated[str, typer.Option("--role", "-r", help="What they are there; see `tollbridge role list`.")]


@app.command("members")
@placed
def members(
    where: Where,
    team: TeamArgument,
    role: Annotated[str, typer.Option("--role", "-r", help="Only those with this role.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List the members of a team."""
    with Reaching.of(where) as api:
        found = list(api.items(f"/teams/{named(team)}/members", {"role": role or None}, most=limit))
    print_members(found, as_json=where.as_json)


@app.command("join")
@placed
def join(
    where: Where,
    team: TeamArgument,
    person: PersonArgument,
    role: RoleOption = "consumer",
    name: Annotated[str, typer.Option("--name", "-n", help="Their name, to add somebody new.")] = "",
) -> None:
    """Make somebody a member of a team, or give a member another role, at once.

    Who is new has no password: they sign in by a provider, or after `tollbridge person password`.
    """
    who = {"email": person} if "@" in person else {"person": person}
    more = {"name": name} if name else {}
    with Reaching.of(where) as api:
        found = api.ask("POST", f"/teams/{named(team)}/members", {**who, **more, "role": role})
    print_members([found], as_json=where.as_json)
    print_replaced(found, as_json=where.as_json)
    if name and not where.as_json:
        print(f"\nWho is new signs in by a provider, or with a password: tollbridge person password {person}")


@app.command("leave")
@placed
def leave(where: Where, team: TeamArgument, person: PersonArgument, yes: YesOption = False) -> None:
    """End a membership and all that was made with it, at once and for good."""
    with Reaching.of(where) as api:
        path = f"/teams/{named(team)}/members/{named(person_id(api, person))}"
        question = f"Take {person} out of {team}? All that they made there ends"
        check_meant(api, path, question, yes=yes)
        found = api.ask("POST", f"{path}/remove")
    print_members([found], as_json=where.as_json)


def person_id(api: Any, person: str) -> str:
    """Give the id of a person who is named by an address or the id; ends with 3 where nobody has the address."""
    if "@" not in person:
        return person
    wanted = person.strip().lower()
    for one in api.items("/people", {"q": wanted}):
        if one["email"] == wanted:
            found: str = one["id"]
            return found
    typer.echo(f"tollbridge: nobody has the address {person!r}", err=True)
    raise typer.Exit(3)


def print_replaced(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Say which role a membership had before, where it was another."""
    if not as_json and found["replaced"] not in (None, found["role"]):
        print(f"\n{found['name']} was {found['replaced']} before.")


def print_members(found: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print memberships."""
    if as_json:
        print_json(found)
        return
    columns = ("person", "name", "e-mail", "team", "role", "state", "since")
    words = ("person", "name", "email", "team", "role", "state")
    rows = [[*(one[word] or "-" for word in words), when_said(one["created_at"])] for one in found]
    print_table("Members", columns, rows, empty="There are no members.")
