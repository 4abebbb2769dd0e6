"""`tollbridge team invite`, `invitations`, `uninvite`, `invited` and `accept`: who may come into a team, and comes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tollbridge.administering import INVITATION_DAYS, MOST_INVITATION_DAYS
from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands.acting import check_meant
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.teammembers import RoleOption, TeamArgument
from tollbridge_admin.commands.words import LimitOption, YesOption

app = typer.Typer()

_DAYS = typer.Option("--days", min=1, max=MOST_INVITATION_DAYS, help="How long it is open.")
_WEBHOOK = typer.Option(help="An id of a webhook that the code is sent to, instead of being shown.")


@app.command("invite")
@placed
def invite(
    where: Where,
    team: TeamArgument,
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    role: RoleOption = "consumer",
    days: Annotated[int, _DAYS] = INVITATION_DAYS,
    webhook: Annotated[str, _WEBHOOK] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Give the open invitation of this address a new code.")
    ] = False,
) -> None:
    """Invite somebody to a team by their e-mail address: they get a code that works once, and decide themselves.

    The code is shown this once. Who is here already sees the invitation when they sign in, and needs no code.
    """
    wish = {"days": days, "webhook": webhook}
    with Reaching.of(where) as api:
        path = f"/teams/{named(team)}/invitations"
        if again:
            found = api.ask("POST", f"{path}/{named(_invitation_id(api, team, email))}/resend", wish)
        else:
            found = api.ask("POST", path, {"email": email, "role": role, **wish})
    if where.as_json:
        print_json(found)
        return
    _print([found], as_json=False)
    print(f"\n{_how(found)}")


@app.command("invitations")
@placed
def invitations(where: Where, team: TeamArgument, limit: LimitOption = 50) -> None:
    """List the invitations to a team, newest first."""
    with Reaching.of(where) as api:
        found = list(api.items(f"/teams/{named(team)}/invitations", most=limit))
    _print(found, as_json=where.as_json)


@app.command("uninvite")
@placed
def uninvite(
    where: Where,
    team: TeamArgument,
    invitation: Annotated[str, typer.Argument(help="An e-mail address, or an id.")],
    yes: YesOption = False,
) -> None:
    """Withdraw an invitation for good; who accepted it already stays."""
    with Reaching.of(where) as api:
        path = f"/teams/{named(team)}/invitations/{named(_invitation_id(api, team, invitation))}"
        check_meant(api, path, f"Withdraw the invitation of {invitation} to {team}?", yes=yes)
        found = api.ask("POST", f"{path}/revoke")
    _print([found], as_json=where.as_json)


@app.command("invited")
@placed
def invited(where: Where) -> None:
    """List what you are invited to, by a token of yours."""
    with Reaching.of(where) as api:
        found = api.ask("GET", "/me/invitations")["items"]
    _print(found, as_json=where.as_json)


@app.command("accept")
@placed
def accept(where: Where, code: Annotated[str, typer.Argument(help="What came with the invitation.")]) -> None:
    """Accept an invitation by its code, with a token of yours: you are a member of that team from then on."""
    with Reaching.of(where) as api:
        member = api.ask("POST", "/me/invitations/accept", {"code": code})
    if where.as_json:
        print_json(member)
        return
    print_fields(labelled({word: member[word] for word in ("person", "team", "role")}))


def _invitation_id(api: Any, team: str, invitation: str) -> str:
    """Give the id of an invitation that is named by its address, the newest, or its id; ends with 3 for none."""
    if "@" not in invitation:
        return invitation
    wanted = invitation.strip().lower()
    for one in api.items(f"/teams/{named(team)}/invitations"):
        if one["email"] == wanted and one["state"] in ("open", "expired"):
            found: str = one["id"]
            return found
    typer.echo(f"tollbridge: {invitation!r} is not invited to {team}", err=True)
    raise typer.Exit(3)


def _how(found: Mapping[str, Any]) -> str:
    if found["code"] is None:
        return f"Its code was sent to the webhook {found['webhook']}."
    if found["link"] is not None:
        return f"Send them this link; it is shown this once:\n\n    {found['link']}"
    return f"Send them this code; it is shown this once:\n\n    {found['code']}"


def _print(found: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    columns = ("id", "e-mail", "team", "role", "state", "until")
    words = ("id", "email", "team", "role", "state")
    rows = [[*(one[word] for word in words), when_said(one["ends_at"])] for one in found]
    print_table("Invitations", columns, rows, empty="There are no invitations.")
