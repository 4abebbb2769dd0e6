"""Cells of tables: what is read on the page, and what is exact in CSV."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from tollbridge.browsing import spoken_zone
from tollbridge.screens.words import NOTHING, ago, count, cut, moment, ms, usd, usd_nano

TONES = ("ok", "info", "warn", "bad", "off")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.  `text` is shown, `value` stands in CSV and for machines; both are plain, never markup.

    `kind` says how it is set: text, strong, number, code, pill, tags, time or actions. `link` is a path below the root,
    `note` a smaller line, `tone` one of `TONES`, `parts` the single tags, `share` what of a meter is full, 0 to 1.
    Where rows can be ticked, `pick` is the box of this one.
    """

    text: str
    value: str = ""
    kind: str = "text"
    link: str = ""
    note: str = ""
    tone: str = ""
    title: str = ""
    parts: tuple[str, ...] = ()
    actions: "tuple[Action, ...]" = ()
    share: float | None = None
    pick: "Pick | None" = None

    def to(self, path: str) -> "Cell":
        """Give the same as a link to a path below the root."""
        return replace(self, link=path)

    def noted(self, note: str) -> "Cell":
        """Give the same with a smaller line."""
        return replace(self, note=cut(note))


@dataclass(frozen=True, slots=True)
class Pick:
    """A box to tick a row with: the `id` of the form it is sent with, name and value there, and what it is called."""

    form: str
    name: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with a row: a link, or a button that posts where it has a `post`."""

    label: str
    path: str
    about: str = ""
    post: bool = False
    danger: bool = False


def text(said: object, *, strong: bool = False, note: str = "") -> Cell:
    """Write a text, cut where it is long; None is a dash."""
    plain = "" if said is None else str(said)
    kind = "strong" if strong else "text"
    return Cell(cut(plain) or NOTHING, plain, kind, note=cut(note), title=plain if cut(plain) != plain else "")


def code(said: str | None) -> Cell:
    """Write an id or another text for machines."""
    plain = said or ""
    return Cell(cut(plain) or NOTHING, plain, "code")


def number(value: float | Decimal | None, *, shown: str = "") -> Cell:
    """Write a number."""
    if value is None:
        return Cell(NOTHING, "", "number")
    said = shown or (count(value) if isinstance(value, int) else f"{value:,}")
    return Cell(said, str(value), "number")


def money(value: str | None) -> Cell:
    """Write US dollars given as an exact decimal; None is unknown."""
    if value is None:
        return Cell(NOTHING, "", "number")
    return Cell(usd(usd_nano(value)), value, "number")


def milliseconds(value: int | None) -> Cell:
    """Write a duration."""
    return Cell(ms(value), "" if value is None else str(value), "number")


def time(at: str | datetime | None, now: datetime, *, empty: str = NOTHING) -> Cell:
    """Write a moment, given as RFC 3339 or as a time: on the page how long ago it was."""
    if at is None:
        return Cell(empty, "", "time")
    when = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    said = ago(when, now) if when <= now else spoken_zone().minute(when)
    return Cell(said, when.astimezone(UTC).isoformat(), "time", title=moment(when))


def exact(at: str | datetime, now: datetime) -> Cell:
    """Write a moment to the second, given as RFC 3339 or as a time: on the page without its day where it was today."""
    when, zone = at if isinstance(at, datetime) else datetime.fromisoformat(at), spoken_zone()
    said = zone.second(when)
    if zone.local(when).date() != zone.local(now).date():
        said = f"{zone.short_day(when)}, {said}"
    return Cell(said, when.astimezone(UTC).isoformat(), "time", title=moment(when))


def pill(said: str, tone: str, *, value: str = "") -> Cell:
    """Write a state: a shape, a word and a colour."""
    return Cell(said, value or said, "pill", tone=tone)


def tags(names: Sequence[str]) -> Cell:
    """Write short names side by side."""
    return Cell(" ".join(names) or NOTHING, " ".join(names), "tags", parts=tuple(names))


def actions(*those: Action) -> Cell:
    """Offer what can be done with a row; nothing of it stands in CSV."""
    return Cell("", "", "actions", actions=those)


def meter(cell: Cell, spent: Decimal, whole: Decimal) -> Cell:
    """Draw below a number which part of a whole it is; a budget of nothing is full with the first thing spent."""
    share = float(spent / whole) if whole else float(spent > 0)
    tone = "bad" if share >= 1 and spent else "warn" if share >= 0.8 else ""
    return replace(cell, share=min(1.0, share), tone=tone)
