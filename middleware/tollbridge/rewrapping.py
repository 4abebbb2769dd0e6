"""Moving sealed values to the key in use, and dropping a key once nothing needs it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tollbridge.errors import SetupError
from tollbridge.sealing.places import Place
from tollbridge.sealing.ring import KeyRing
from tollbridge.stores.base import Store
from tollbridge.stores.sealed import Sealed
from tollbridge.vault import Box, Vault, key_id_of


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many values were sealed anew, and of those that could not be opened which and why."""

    moved: int
    failed: tuple[str, ...]


async def rewrap(box: Box, vault: Vault, store: Store | None) -> Rewrapped:
    """Seal everything with the key in use that is not.  May be broken off and done again, while gateways run.

    There may be no store yet. Raises `SetupError` where nothing can be sealed, `Unavailable` where the store does not
    answer.
    """
    moved, failed = 0, []
    for name in vault.names():
        try:
            moved += vault.reseal(name)
        except SetupError as exc:
            failed.append(str(exc))
    if store is None:
        return Rewrapped(moved, tuple(failed))
    while True:  # values that were sealed with an older key meanwhile are found the next time round
        found, failures = await _pass(box, store)
        moved += found
        if not found:
            return Rewrapped(moved, (*failed, *failures))


async def _pass(box: Box, store: Store) -> tuple[int, list[str]]:
    """Go through the store once; gives how many were moved, and what failed."""
    moved, failed, last = 0, [], None
    while values := await store.sealed_otherwise(box.head(), last):
        last = values[-1].place
        opened: list[Sealed] = []
        anew: list[bytes] = []
        await box.meet(value.content for value in values)
        for value in values:
            try:
                anew.append(box.shut(box.open(value.content, value.place), value.place))
                opened.append(value)
            except ValueError as exc:
                failed.append(f"{_named(value.place)}: {exc}")
        moved += await store.reseal(opened, anew)
    return moved, failed


async def needed(vault: Vault, store: Store | None) -> Mapping[str, int]:
    """Count the values that need each key, by its id; those that are no sealed values at all need the key ''."""
    heads = {} if store is None else await store.sealed_heads()
    counted = Counter({"": 0})
    for head, count in heads.items():
        counted[key_id_of(head)] += count
    for name in vault.names():
        counted[key_id_of(vault.sealed(name) or b"")] += 1
    return +counted


async def drop_key(ring: KeyRing, id: str, vault: Vault, store: Store | None) -> None:
    """Forget a key that nothing needs; raises `SetupError` where something does, or the ring says no."""
    ring.refuse_drop(id)  # from here on no gateway seals with it
    count = (await needed(vault, store)).get(id, 0)
    if count:
        raise SetupError(
            f"{count} {'value needs' if count == 1 else 'values need'} the key {id}; move them to the one in use with: "
            "tollbridge secret rewrap"
        )
    ring.drop(id)


def _named(place: Place) -> str:
    parts: Sequence[str] = [part for part in (place.kind, place.owner, place.name) if part]
    return " ".join(parts)
