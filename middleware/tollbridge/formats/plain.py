"""Plain bodies: those whose members are all known by name and type.

Most are. They are decoded into structs at once; what does not fit those is left to a dialect's other readers, which
look at each member by itself, with the same result.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.formats.values import UNREADABLE, Number

P = TypeVar("P", bound="Plain")
UNSAID: Any = None
"""Stands for a member that is absent.  Its type takes no null: a null is kept, and that is not done here."""
_NUMBERS = frozenset((int, Decimal, UnsetType))


class Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An object without a member that has no name here."""


def plain_decoder(kind: type[P]) -> Callable[[bytes], P | None]:
    """Make the decoder of a plain body; it gives None for one that is not plain."""
    decode = msgspec.json.Decoder(kind, float_hook=Decimal).decode

    def read(body: bytes) -> P | None:
        try:
            return decode(body)
        except UNREADABLE:
            return None

    return read


def plain_numbers(*said: Any) -> list[Number | None] | None:
    """Give numbers, None in the place of one that was not said; None where one of them is something else.

    A number with a point is only decoded as it was written where its type is that of any value.
    """
    if not _NUMBERS.issuperset(map(type, said)):
        return None
    return [None if one is UNSET else one for one in said]
