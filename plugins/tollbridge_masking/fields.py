"""Members of JSON that are masked whole, named by their paths."""

from collections.abc import Sequence


class Fields:
    """Knows which members are meant by paths such as `customer.email`: at any depth, whether in lists or not.

    `*` is any one name. A list has no name of its own: `people.name` is also that of each one in a list of people.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._before: dict[str, list[list[str]]] = {}
        for path in paths:
            *before, last = path.split(".")
            self._before.setdefault(last, []).append(before[::-1])

    def __bool__(self) -> bool:
        return bool(self._before)

    def hold(self, name: str, outer: Sequence[str]) -> bool:
        """Whether a member is meant; `outer` are the names of those around it, the outermost first."""
        return any(
            len(before) <= len(outer)
            and all(wanted in ("*", found) for wanted, found in zip(before, reversed(outer), strict=False))
            for key in (name, "*")
            for before in self._before.get(key, ())
        )
