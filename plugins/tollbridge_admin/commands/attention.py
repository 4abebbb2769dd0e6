"""`tollbridge attention`: what waits for somebody's decision."""

from typing import Annotated

import typer

from tollbridge.cli.output import print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, placed, when_said


@placed
def attention(
    where: Where,
    kind: Annotated[str, typer.Option(help="Only of this kind, such as subscription_asked.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
) -> None:
    """List what waits for your decision, the longest first."""
    with Reaching.of(where) as api:
        found = api.ask("GET", "/attention", query={"kind": kind or None, "limit": limit})
    if where.as_json:
        print_json(found)
        return
    rows = [[when_said(one["since"]), one["team"] or "-", one["title"], one["href"]] for one in found["items"]]
    print_table("Attention", ("since", "team", "what", "where"), rows, empty="Nothing waits for you.")
    more = found["total"] - len(found["items"])
    if more:
        print(f"\n{more} more: {', '.join(f'{kind} {count}' for kind, count in found['counts'].items() if count)}")
