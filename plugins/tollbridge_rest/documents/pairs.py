"""Two schemas that are compared, and which way their values go."""

from typing import Any

from tollbridge_rest.documents.schemas import Side


class Pair:
    """One comparison, at a place.

    Of the two one is narrow and one is wide, by the side: the narrow one must be seen to allow no more than the other.
    """

    __slots__ = ("after", "before", "side", "where")

    def __init__(self, before: Any, after: Any, side: Side, where: str) -> None:
        self.before, self.after, self.side, self.where = before, after, side, where

    def turned(self, before: Any, after: Any) -> tuple[Any, Any]:
        """Give what is narrow and what is wide of two things."""
        return (before, after) if self.side is Side.REQUEST else (after, before)

    def inner(self, before: Any, after: Any, step: str) -> "Pair":
        """Give the pair of two parts."""
        return Pair(before, after, self.side, f"{self.where}/{step}")
