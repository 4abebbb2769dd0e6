"""`tollbridge token peppers` and its like: what the secrets of tokens are hashed with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tollbridge.cli.later import read_config, run
from tollbridge.cli.output import HereOption, JsonOption, print_json, print_table, when
from tollbridge.cli.tokenwords import with_tokens
from tollbridge.clock import SystemClock
from tollbridge.errors import NoDatabase, SetupError

app = typer.Typer()
"""Commands that stand beside those of `tokens`."""


@app.command("peppers")
def peppers(config: HereOption = None, as_json: JsonOption = False) -> None:
    """List the peppers, which one is in use, and how many secrets are hashed with each."""

    async def look(offline: Any) -> Any:
        return offline.rings.peppers.newest_first(), await offline.store.count_secrets()

    ring, counts = with_tokens(config, look)
    rows: list[dict[str, Any]] = [
        {"id": each.id, "made_at": each.made_at, "state": "older", "secrets": counts.get(each.id, 0)} for each in ring
    ]
    rows[0]["state"] = "in use"
    if as_json:
        print_json(rows)
        return
    columns = ("id", "made", "state", "secrets")
    table = [[row["id"], when(row["made_at"]), row["state"], str(row["secrets"])] for row in rows]
    print_table("Peppers", columns, table, empty="")


@app.command("rotate-pepper")
def rotate(config: HereOption = None, as_json: JsonOption = False) -> None:
    """Make a new pepper; each secret moves to it when it is next used."""
    from tollbridge.cli.offline import rings_of

    key = rings_of(read_config(config), SystemClock()).peppers.rotate()
    if as_json:
        print_json({"id": key.id, "made_at": key.made_at})
        return
    print(f"made the pepper {key.id}; secrets move to it as they are used, see: tollbridge token peppers")


@app.command("drop-pepper")
def drop(pepper_id: Annotated[str, typer.Argument(metavar="ID")], config: HereOption = None) -> None:
    """Forget a pepper that no secret is hashed with any more."""

    async def work(offline: Any) -> Any:
        ring = offline.rings.peppers
        ring.refuse_drop(pepper_id)
        count = (await offline.store.count_secrets()).get(pepper_id, 0)
        if count:
            ids = await offline.store.tokens_under(pepper_id)
            raise SetupError(
                f"{count} {'secret is' if count == 1 else 'secrets are'} hashed with the pepper {pepper_id}; rotate or "
                f"revoke their tokens and keys, or wait until they were used. Among them: {', '.join(ids)}"
            )
        ring.drop(pepper_id)

    with_tokens(config, work)
    print("dropped")


@app.command("accept-peppers")
def accept(
    config: HereOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Go on with the peppers at hand where those of the database are lost: secrets hashed with others open nothing."""
    if not yes:
        typer.confirm("Secrets that are hashed with another pepper open nothing from now on. Go on?", abort=True)

    gone = run(_accepted(config))
    print("accepted" + (f"; given up: {', '.join(gone)}" if gone else ""))


async def _accepted(config: Path | None) -> Sequence[str]:
    from tollbridge.cli.offline import Offline

    offline = Offline(config)
    if await offline.is_new():
        raise NoDatabase
    await offline.store.open()
    try:
        return await offline.accept_peppers()
    finally:
        await offline.store.close()
