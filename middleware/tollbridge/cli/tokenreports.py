"""`tollbridge token report`: which tokens nobody uses, and which may do more than they do."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from tollbridge.cli.output import ConfigOption, JsonOption, print_json, print_table, when
from tollbridge.cli.tokenwords import shown, with_tokens

app = typer.Typer()
"""Commands that stand beside those of `tokens`."""

_PAGE = 500


@app.command("report")
def report(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back to look.")] = 30,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name tokens that nobody used, and scopes that nothing needed."""

    async def work(offline: Any) -> Any:
        from tollbridge.tokens.review import review  # brings the store

        now = offline.clock.now()
        since = now - timedelta(days=days)
        tokens, before = [], None
        while page := await offline.store.list_tokens(limit=_PAGE, before=before):
            tokens += page
            before = page[-1].id
        return review(tokens, await offline.store.uses(since, now), since)

    found = with_tokens(config, work)
    if as_json:
        print_json(
            [
                {
                    **shown(each.token),
                    "unused": each.unused,
                    "spare_scopes": list(each.spare),
                    "suggested_scopes": list(each.suggested),
                }
                for each in found
            ]
        )
        return
    rows = [
        [
            each.token.id,
            each.token.name,
            each.token.owner or "-",
            "unused" if each.unused else "may do more than it does",
            " ".join(each.suggested) or "-",
            when(each.token.last_used_at),
        ]
        for each in found
    ]
    columns = ("id", "name", "owner", "finding", "scopes it needed", "last used")
    print_table(
        f"Tokens of the last {days} days", columns, rows, empty="Every token was used, and for all that it may do."
    )
