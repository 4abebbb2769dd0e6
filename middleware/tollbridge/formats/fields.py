"""Taking the known members out of a JSON object: what is left stays, by name."""

from decimal import Decimal

from tollbridge.errors import BadRequest, GatewayError
from tollbridge.formats.values import JSON, Number


class Fields:
    """The members of one object that were not taken yet.

    A member that is null is never taken: it stays among the rest, so that it is still null when it is written again.
    `where` is the object's place in the body, for an error. `wrong` is raised for a member of the wrong type; without
    it, which is for answers of a provider, such a member stays among the rest too.
    """

    __slots__ = ("_left", "_where", "_wrong")

    def __init__(self, value: JSON, where: str = "", *, wrong: type[GatewayError] | None = BadRequest) -> None:
        self._where = where
        self._wrong = wrong
        self._left: dict[str, JSON] = {}
        if isinstance(value, dict):
            self._left = dict(value)
        elif wrong is not None:
            raise self.error("", "must be an object")

    def error(self, name: str, problem: str) -> GatewayError:
        """Make the error that names a member."""
        path = self.path(name)
        wrong = self._wrong or BadRequest
        return wrong(f"the field {path!r} {problem}" if path else f"the body {problem}", param=path or None)

    def path(self, name: str) -> str:
        """Give the whole path of a member."""
        return f"{self._where}.{name}" if self._where and name else self._where or name

    def __contains__(self, name: str) -> bool:
        return self._left.get(name) is not None

    def peek(self, name: str) -> JSON:
        """Look at a member without taking it; None where it is absent or null."""
        return self._left.get(name)

    def take(self, name: str) -> JSON:
        """Take a member of any type; None where it is absent or null."""
        return self._left.pop(name) if self._left.get(name) is not None else None

    def text(self, name: str) -> str | None:
        found = self._left.get(name)
        if isinstance(found, str):
            del self._left[name]
            return found
        if found is not None:
            self._unfit(name, "must be a text")
        return None

    def whole(self, name: str) -> int | None:
        """Take a whole number; `5.0` is one too (JSON Schema, section 6.1.1)."""
        found = self._left.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            del self._left[name]
            return found
        if isinstance(found, Decimal) and found.adjusted() < 18 and found == int(found):
            del self._left[name]
            return int(found)
        if found is not None:
            self._unfit(name, "must be a whole number")
        return None

    def number(self, name: str) -> Number | None:
        found = self._left.get(name)
        if isinstance(found, int | Decimal) and not isinstance(found, bool):
            del self._left[name]
            return found
        if found is not None:
            self._unfit(name, "must be a number")
        return None

    def flag(self, name: str) -> bool | None:
        found = self._left.get(name)
        if isinstance(found, bool):
            del self._left[name]
            return found
        if found is not None:
            self._unfit(name, "must be true or false")
        return None

    def items(self, name: str) -> list[JSON] | None:
        found = self._left.get(name)
        if isinstance(found, list):
            del self._left[name]
            return found
        if found is not None:
            self._unfit(name, "must be a list")
        return None

    def members(self, name: str) -> dict[str, JSON] | None:
        """Take an object as it is."""
        found = self._left.get(name)
        if isinstance(found, dict):
            del self._left[name]
            return found
        if found is not None:
            self._unfit(name, "must be an object")
        return None

    def inner(self, name: str) -> "Fields | None":
        """Take an object to look into."""
        found = self.members(name)
        if found is None:
            return None
        return Fields(found, "" if self._wrong is None else self.path(name), wrong=self._wrong)

    def each(self, name: str) -> "list[Fields] | None":
        """Take a list of objects to look into; raises where one of them is none, or leaves the list where it is."""
        found = self._left.get(name)
        if found is None:
            return None
        if self._wrong is None:
            if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
                return None
            del self._left[name]
            return [Fields(item, wrong=None) for item in found]
        where = self.path(name)
        return [
            Fields(item, f"{where}[{place}]", wrong=self._wrong) for place, item in enumerate(self.items(name) or ())
        ]

    def need(self, name: str, found: str | None) -> str:
        """Insist on a text; raises where it is missing, or gives an empty one for an answer."""
        if found is None and self._wrong is not None:
            raise self.error(name, "is missing")
        return found or ""

    def put_back(self, name: str, value: JSON) -> None:
        """Leave a member among the rest after all."""
        self._left[name] = value

    def rest(self) -> dict[str, JSON]:
        """Give what was not taken, nulls included."""
        return self._left

    def _unfit(self, name: str, problem: str) -> None:
        if self._wrong is not None:
            raise self.error(name, problem)
