"""`tollbridge job ...`: what the gateway does by itself."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, placed, when_said

app = typer.Typer(help="See what the gateway does by itself, and hurry it.", no_args_is_help=True)


@app.command("list")
@placed
def jobs(where: Where) -> None:
    """List the jobs that one worker at a time does."""
    with Reaching.of(where) as api:
        found = api.ask("GET", "/jobs")["items"]
    if where.as_json:
        print_json(found)
        return
    rows = [[one["name"], _due(one), when_said(one["ended_at"]), _ended(one)] for one in found]
    print_table("Jobs", ("name", "due", "ended", "outcome"), rows, empty="There is no job.")


@app.command("run")
@placed
def run(
    where: Where,
    name: Annotated[str, typer.Argument(help="A name that `job list` shows.")],
) -> None:
    """Have a job be done as soon as a gateway that serves looks: within seconds."""
    with Reaching.of(where) as api:
        found = api.ask("POST", "/jobs/run", {"name": name})
    if where.as_json:
        print_json(found)
        return
    print(f"{name} is due now")


def _due(one: Mapping[str, Any]) -> str:
    return "running" if one["running"] else when_said(one["due_at"])


def _ended(one: Mapping[str, Any]) -> str:
    failures = f" ({one['failures']} in a row)" if one["failures"] else ""
    return f"{one['outcome'] or '-'}{failures}"
