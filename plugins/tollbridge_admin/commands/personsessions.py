"""`tollbridge person sessions` and `sign-out`: where somebody is signed in with a browser, and the end of it."""

from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.teammembers import person_id
from tollbridge_admin.commands.words import YesOption, check_sure

app = typer.Typer()

_OPERATOR = "operator"
WhoArgument = Annotated[
    str, typer.Argument(metavar="PERSON", help="An e-mail address, an id, or `operator` for who came by a link.")
]


@app.command("sessions")
@placed
def sessions(where: Where, person: WhoArgument) -> None:
    """List where somebody is signed in, newest first."""
    with Reaching.of(where) as api:
        found = [*api.items(_path(api, person))]
    if where.as_json:
        print_json(found)
        return
    columns = ("session", "via", "from", "browser", "since", "last seen", "ends")
    times = ("created_at", "last_seen_at", "ends_at")
    rows = [
        [one["id"], one["via"], one["address"] or "-", one["agent"] or "-", *(when_said(one[each]) for each in times)]
        for one in found
    ]
    print_table("Sessions", columns, rows, empty="There are no sessions.")


@app.command("sign-out")
@placed
def sign_out(
    where: Where,
    person: WhoArgument,
    session: Annotated[str, typer.Option(help="Only this session; see `tollbridge person sessions`.")] = "",
    yes: YesOption = False,
) -> None:
    """Sign somebody out everywhere, or end one session, at once."""
    if not session:
        check_sure(f"Sign {person} out everywhere?", yes=yes)
    with Reaching.of(where) as api:
        wish = {"session": session} if session else {}
        found = api.ask("POST", f"{_path(api, person)}/end", wish)
    if where.as_json:
        print_json(found)
        return
    print(f"{found['ended']} ended")


def _path(api: Any, person: str) -> str:
    return "/operator/sessions" if person == _OPERATOR else f"/people/{named(person_id(api, person))}/sessions"
