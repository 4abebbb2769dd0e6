"""Keys and peppers that are those of the database, or no start: with others nothing opens and no token is known.

Of each pepper the database holds a check value, an HMAC under it, sealed as the gateway's own keys are. It is written
when a pepper is first met: then nothing tells whether that is the right one.
"""

import asyncio
import hmac
from collections.abc import Mapping, Sequence

from tollbridge.errors import SetupError
from tollbridge.ownkeys import AUDIT, OwnKey, open_own
from tollbridge.sealing.places import OWN_KEY, Place
from tollbridge.sealing.ring import Key, KeyRing
from tollbridge.sealing.rings import Rings
from tollbridge.stores.base import Store
from tollbridge.stores.sealed import Sealed
from tollbridge.vault import Box

_PEPPER = "pepper "
"""How the names of check values begin; the id follows."""
_LOST = b""
"""Stands for the check value of a pepper that is gone for good."""
_USE = b"tollbridge check value of a pepper"
_RESTORE = (
    "restore it from a backup, or copy it from a machine that has it; where it is lost for good, and the tokens with "
    "it, go on with: tollbridge token accept-peppers"
)


async def prove(store: Store, rings: Rings) -> None:
    """Refuse keys and peppers that are not those of an open store, with `SetupError`.  Makes nothing.

    Peppers are to be loaded.
    """
    await _prove_peppers(store, rings.peppers, await prove_keys(store, rings.keys))


async def prove_keys(store: Store, keys: KeyRing) -> Mapping[str, bytes]:
    """Open what the gateway made for itself, and give it by name; raises `SetupError` where that cannot be done."""
    await asyncio.to_thread(keys.load)
    box = Box(keys)
    return {name: await open_own(box, sealed, name) for name, sealed in (await store.own_keys()).items()}


async def begin(store: Store, rings: Rings) -> None:
    """Make what is missing of keys and peppers, and note peppers that are new; only for what was proved.

    Of several that begin at once one is first; raises `SetupError` where another one's are not the same.
    """
    box = Box(rings.keys)
    await asyncio.to_thread(box.load)
    await asyncio.to_thread(rings.peppers.current)
    await OwnKey(store, box, AUDIT)()
    known = await store.own_keys()
    for key in rings.peppers.newest_first():
        name = _PEPPER + key.id
        sealed = known.get(name)
        if sealed is None:
            sealed = await store.add_own_key(name, box.shut(_checked(key), Place(OWN_KEY, name=name)))
        _compare(rings.peppers, key, await open_own(box, sealed, name))


async def accept(store: Store, rings: Rings) -> Sequence[str]:
    """Take the peppers at hand for those of the database, made if there are none; gives the ids of those given up.

    What is hashed with a pepper given up opens nothing, until that one is back and accepted in its turn. Raises
    `SetupError` where keys do not open what is sealed.
    """
    await prove_keys(store, rings.keys)
    box = Box(rings.keys)
    await asyncio.to_thread(box.load)
    await asyncio.to_thread(rings.peppers.current)
    wanted = {key.id: _checked(key) for key in rings.peppers.newest_first()}
    gone = sorted((await store.count_secrets()).keys() - wanted.keys())
    for id, content in {**wanted, **dict.fromkeys(gone, _LOST)}.items():
        place = Place(OWN_KEY, name=_PEPPER + id)
        sealed = box.shut(content, place)
        there = await store.add_own_key(place.name, sealed)
        if there != sealed:
            await store.reseal([Sealed(place, there)], [sealed])
    return gone


async def _prove_peppers(store: Store, peppers: KeyRing, own: Mapping[str, bytes]) -> None:
    noted = _noted(own)
    ring = peppers.newest_first()
    for key in ring:
        if key.id in noted:
            _compare(peppers, key, noted[key.id])
    held = {_checked(key) for key in ring}  # a pepper is the same under another id
    known = {key.id for key in ring} | {id for id, content in noted.items() if content in (_LOST, *held)}
    gone = set(await store.peppers()) - known
    counts = await store.count_secrets() if gone else {}
    if needed := sorted(gone & counts.keys()):
        count = counts[needed[0]]
        secrets = f"{count} {'secret is' if count == 1 else 'secrets are'}"
        raise SetupError(f"{secrets} hashed with the pepper {needed[0]}, and {_lacks(peppers)}; {_RESTORE}")
    if noted and held.isdisjoint(noted.values()):
        raise SetupError(f"the database belongs to the pepper {' or '.join(noted)}, and {_lacks(peppers)}; {_RESTORE}")


def _compare(peppers: KeyRing, key: Key, noted: bytes) -> None:
    if not hmac.compare_digest(_checked(key), noted):
        raise SetupError(
            f"the pepper {key.id} in {peppers.where} is another one than the secrets of the database are hashed with; "
            f"{_RESTORE}"
        )


def _checked(key: Key) -> bytes:
    return hmac.digest(key.content, _USE, "sha256")


def _noted(own: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Give the check values by the ids of their peppers."""
    return {name.removeprefix(_PEPPER): content for name, content in own.items() if name.startswith(_PEPPER)}


def _lacks(peppers: KeyRing) -> str:
    return f"{peppers.where} {'has none of that id' if peppers.newest_first() else 'is not there'}"
