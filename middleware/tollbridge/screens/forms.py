"""Forms: their fields, what was typed, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tollbridge.screens.asking import Refused

_LONGEST = 60_000
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field.  `kind` is text, area, number, password, moment, choice, tick or ticks (several of `choices`).

    `api` is how the API calls it where a refusal names another field than `name`, with dots between levels. `choices`
    are pairs of value and label; `begin` is what stands there before anybody typed. A moment is of the zone of pages.
    """

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    sign: str = ""
    choices: Sequence[tuple[str, str]] = ()
    api: str = ""
    begin: str = ""
    rows: int = 6

    @property
    def mode(self) -> str:
        """What a phone's keyboard is to offer."""
        return "decimal" if self.kind == "number" else "text"


@dataclass(slots=True)
class Form:
    """Fields with what was typed, kept as it was, and what is wrong: with a field by its name, and in general."""

    fields: Sequence[Field]
    values: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    general: str = ""

    @classmethod
    def read(cls, fields: Sequence[Field], given: Mapping[str, Sequence[str]], *, posted: bool) -> "Form":
        """Read one; a query that leaves a field out begins with what stands there at first, a sent form with none."""
        first = {one.name: [one.begin] if one.begin else [] for one in fields}
        values = {
            name: list(given[name]) if name in given else ([] if posted else begin) for name, begin in first.items()
        }
        return cls(fields, values)

    @property
    def is_wrong(self) -> bool:
        """Whether something has to be changed."""
        return bool(self.errors or self.general)

    def text(self, name: str) -> str:
        """Give what stands in a field, without the blanks around it."""
        found = self.values.get(name) or [""]
        return found[0].strip()[:_LONGEST]

    def texts(self, name: str) -> list[str]:
        """Give what is chosen of several."""
        return [one for one in self.values.get(name, ()) if one]

    def words(self, name: str) -> list[str]:
        """Give what stands in a field as words, with blanks or commas between."""
        return self.text(name).replace(",", " ").split()

    def whole(self, name: str) -> int | str | None:
        """Give a whole number; None for an empty field, and what is none as it was typed, for the API to refuse."""
        said = self.text(name).replace(",", "")
        if not said:
            return None
        return int(said) if said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS else said

    def has(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.text(name))

    def body(self, *names: str) -> dict[str, str]:
        """Give the fields that hold something, for the API."""
        wanted = names or tuple(one.name for one in self.fields)
        return {name: self.text(name) for name in wanted if self.text(name)}

    def refuse(self, refused: Refused) -> None:
        """Take over what the API says: beside the fields it names, and in general where it names none of these."""
        known = {one.api or one.name: one.name for one in self.fields}
        left = []
        for name, said in refused.fields.items():
            own = known.get(name) or next(
                (known[key] for key in known if name.startswith((f"{key}.", f"{key}["))), None
            )
            if own is None:
                left.append(f"{name}: {said}" if name else said)
            else:
                self.errors[own] = sentence(said)
        if not refused.fields:
            left.append(refused.message)
        self.general = " ".join(map(sentence, left))


def sentence(said: str) -> str:
    """Write what the API says as a sentence."""
    said = said[:1].upper() + said[1:]
    return said if said.endswith((".", "!", "?")) or not said else f"{said}."
