"""What is at a gateway and of which there are no documents, said by name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tollbridge.cli.asking import Asking, Refused
from tollbridge_ascode.comparing import Fields

_DENIED = 403
MOST_NAMED = 20
"""How many of a sort are named."""


@dataclass(frozen=True, slots=True)
class _Sort:
    """Things that no document is of: where they are listed, and which of those count."""

    one: str
    several: str
    at: str
    counts: Callable[[Fields], bool] = lambda one: True
    named: str = "name"


def left_out(api: Asking) -> Iterator[str]:
    """Say what of a gateway is in no export; of what a token may not see, that it was not looked at.

    People are counted and not named: an export ends up in places that are not for their names.
    """
    for sort in _SORTS:
        try:
            found = [str(one[sort.named]) if sort.named else "" for one in api.items(sort.at) if sort.counts(one)]
        except Refused as exc:
            if exc.status != _DENIED:
                raise
            yield f"{sort.several} are no part of an export, and this token does not see whether there are any"
            continue
        if found:
            yield f"{len(found)} {_left(sort, found)}"


def _left(sort: _Sort, found: list[str]) -> str:
    names = ", ".join(sorted(found)[:MOST_NAMED]) if sort.named else ""
    more = f" and {len(found) - MOST_NAMED} more" if names and len(found) > MOST_NAMED else ""
    kinds = f"{sort.one} is" if len(found) == 1 else f"{sort.several} are"
    return f"{kinds} no part of an export" + (f": {names}{more}" if names else "")


_SORTS = (
    _Sort("retired service", "retired services", "/services", lambda one: one["state"] == "retired", "slug"),
    _Sort("own role", "own roles", "/roles", lambda one: not one["built_in"]),
    _Sort("webhook", "webhooks", "/webhooks"),
    _Sort("client", "clients", "/clients", lambda one: not one["revoked_at"]),
    _Sort("person", "people", "/people", named=""),
)
