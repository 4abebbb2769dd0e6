"""`tollbridge secret keys`, `rotate-key`, `rewrap` and `drop-key`: the keys that everything sealed is sealed with."""

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tollbridge.cli.later import read_config, run
from tollbridge.cli.output import HereOption, JsonOption, print_json, print_table, when
from tollbridge.clock import SystemClock

if TYPE_CHECKING:
    from tollbridge.cli.offline import Offline
    from tollbridge.sealing.ring import Key
    from tollbridge.stores.base import Store

T = TypeVar("T")


def keys(config: HereOption = None, as_json: JsonOption = False) -> None:
    """List the keys, which one is in use, and how many sealed values need each."""
    from tollbridge.rewrapping import needed

    async def look(offline: "Offline", store: "Store | None") -> list[dict[str, Any]]:
        return _rows(offline.rings.keys.newest_first(), await needed(offline.vault, store))

    rows = run(_offline(config, look))
    if as_json:
        print_json(rows)
        return
    print_table(
        "Keys",
        ("id", "made", "kept by", "state", "values"),
        [[row["id"], when(row["made_at"]), row["source"] or "-", row["state"], str(row["values"])] for row in rows],
        empty="No key was made yet.",
    )


def rotate(config: HereOption = None, as_json: JsonOption = False) -> None:
    """Make a new key that seals from now on; the others still open what they sealed."""
    from tollbridge.cli.offline import rings_of

    key = rings_of(read_config(config), SystemClock()).keys.rotate()
    if as_json:
        print_json({"id": key.id, "made_at": key.made_at})
        return
    print(f"made the key {key.id}, in use from now on; move what others sealed to it with: tollbridge secret rewrap")


def rewrap(config: HereOption = None, as_json: JsonOption = False) -> None:
    """Seal everything anew that an older key sealed.  May be broken off and run again."""
    from tollbridge.rewrapping import rewrap as move

    done = run(_offline(config, lambda offline, store: move(offline.box, offline.vault, store), proved=True))
    if as_json:
        print_json({"rewrapped": done.moved, "failed": list(done.failed)})
    else:
        print(f"sealed anew: {done.moved}")
    for failure in done.failed:
        print(f"tollbridge: {failure}", file=sys.stderr)
    if done.failed:
        raise typer.Exit(1)


def drop(key_id: Annotated[str, typer.Argument(metavar="ID")], config: HereOption = None) -> None:
    """Forget a key that no sealed value needs any more."""
    from tollbridge.rewrapping import drop_key

    run(_offline(config, lambda offline, store: drop_key(offline.rings.keys, key_id, offline.vault, store)))
    print("dropped")


async def _offline(
    config: Path | None, work: "Callable[[Offline, Store | None], Awaitable[T]]", *, proved: bool = False
) -> T:
    """Do a work on an open store, None where there is no database yet; `proved`: with the keys of that alone."""
    from tollbridge.cli.offline import Offline

    offline = Offline(config)
    if await offline.is_new():
        return await work(offline, None)
    await offline.store.open()
    try:
        if proved:
            await offline.prove_keys()
        return await work(offline, offline.store)
    finally:
        await offline.store.close()


def _rows(ring: "Sequence[Key]", counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Give the keys, the newest first, then those that are gone and still needed."""
    rows: list[dict[str, Any]] = [
        {"id": key.id, "made_at": key.made_at, "source": key.source, "state": "older", "values": counts.get(key.id, 0)}
        for key in ring
    ]
    if rows:
        rows[0]["state"] = "in use"
    gone = [id for id in counts if id not in {key.id for key in ring}]
    return rows + [{"id": id, "made_at": None, "source": "", "state": "missing", "values": counts[id]} for id in gone]
