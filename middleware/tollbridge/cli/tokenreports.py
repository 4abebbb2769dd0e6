"""`tollbridge token report`: which tokens nobody uses, and which may do more than they do."""

from typing import Annotated

import typer

from tollbridge.cli.output import print_json, print_table, when
from tollbridge.cli.places import Where, placed
from tollbridge.cli.tokenways import the_way

app = typer.Typer()
"""Commands that stand beside those of `tokens`."""


@app.command("report")
@placed
def report(
    where: Where,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back to look.")] = 30,
) -> None:
    """Name tokens that nobody used, and scopes that nothing needed."""
    with the_way(where) as way:
        found = way.report(days)
    if where.as_json:
        print_json(found)
        return
    rows = [
        [
            each["id"],
            each["name"],
            each["owner"] or "-",
            "unused" if each["unused"] else "may do more than it does",
            " ".join(each["suggested_scopes"]) or "-",
            when(each["last_used_at"]),
        ]
        for each in found
    ]
    columns = ("id", "name", "owner", "finding", "scopes it needed", "last used")
    print_table(
        f"Tokens of the last {days} days",
        columns,
        rows,
        empty="Every token that is older was used, and for all that it may do.",
    )
