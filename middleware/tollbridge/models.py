"""The models a provider names itself, with their limits and prices: data, from where and when it was read."""

import datetime
import tomllib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any

from tollbridge.errors import ConfigError

Tiers = Mapping[int, Mapping[str, str]]
"""What of a price changes above so many input tokens in all."""


@dataclass(frozen=True, slots=True)
class Change:
    """What of a price changes on a day, at 00:00 UTC; `tiers` are None where they stay."""

    day: datetime.date
    price: Mapping[str, str]
    tiers: Tiers | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a provider.  `price` holds US dollars as strings, by bucket (see `metering.prices`).

    `context` and `max_output` in tokens. `tiers` hold what of the price changes above so many input tokens, `changes`
    what changes on which day. `left_out` names what the provider charges for besides. `also` are more names that mean
    the same model. `source` is the page that says all this, `checked` the day it was read.
    """

    name: str
    price: Mapping[str, str] = field(default_factory=dict)
    context: int | None = None
    max_output: int | None = None
    tiers: Tiers = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    left_out: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    source: str = ""
    checked: datetime.date | None = None


class Models:
    """The models a provider names itself.  Any other name is passed on all the same.

    `read` gives them by name when they are first asked for.
    """

    def __init__(
        self, by_name: Mapping[str, Model] | None = None, *, read: Callable[[], Mapping[str, Model]] | None = None
    ) -> None:
        self._read = read or (lambda: by_name or {})

    @cached_property
    def by_name(self) -> Mapping[str, Model]:
        """All of them, each once; raises what `read` does."""
        return dict(self._read())

    @cached_property
    def _by_any_name(self) -> Mapping[str, Model]:
        return {name: model for model in self for name in (*model.also, model.name)} | dict(self.by_name)

    def __iter__(self) -> Iterator[Model]:
        return iter(self.by_name.values())

    def get(self, name: str) -> Model | None:
        """Find a model by its name or by one that means the same."""
        return self._by_any_name.get(name)

    @classmethod
    def from_package(cls, package: str, resource: str = "models.toml") -> "Models":
        """Read `models.toml` of a package: a table a model, prices as strings in USD per million tokens.

        Keys: `context`, `max_output` (tokens), `also` (names), `left_out` (words), `tiers` and `changes` (see
        `from_table`), and any price bucket.
        `source` (a URL) and `checked` (a date) stand above all tables, and in a table where they differ for that model.
        It is read when a model is first asked for: at the start of a gateway that offers the provider, and not in one
        that does not. Raises `ConfigError` then, for a price that is no string, a count that is no whole number, and
        the like.
        """

        def read() -> Mapping[str, Model]:
            table = tomllib.loads(files(package).joinpath(resource).read_text("utf-8"))
            return cls.from_table(table, where=f"{package}/{resource}").by_name

        return cls(read=read)

    @classmethod
    def from_table(cls, table: Mapping[str, Any], *, where: str) -> "Models":
        """Read the same from parsed TOML; `where` names it in an error.

        `tiers = [{ above = 200000, input = "2.50" }]`: above 200,000 input tokens in all, input costs that.
        `changes = [{ from = 2026-12-01, input = "4" }]`: from that day on, input costs that; tiers may change as well.
        """
        above = [key for key in ("source", "checked") if not isinstance(table.get(key), Mapping)]
        shared = _said(table, above, where)
        return cls({name: _model(name, row, shared, where) for name, row in table.items() if name not in shared})


def _model(name: str, row: object, shared: Mapping[str, Any], where: str) -> Model:
    if not isinstance(row, Mapping):
        raise ConfigError(f"{where}: {name} must be a table")
    place = f"{where}: {name}"
    said = {**shared, **_said(row, _KINDS, place)}
    said["tiers"] = _tiers(said.get("tiers", ()), place)
    said["changes"] = tuple(_change(change, place) for change in said.get("changes", ()))
    return Model(name, _prices(row, _KINDS, place), **said)


def _said(row: Mapping[str, Any], keys: Iterable[str], where: str) -> dict[str, Any]:
    """Give what a table says besides prices, each of its kind; raises `ConfigError`."""
    found = {key: row[key] for key in keys if key in row}
    for key, value in found.items():
        kind, what = _KINDS[key]
        if type(value) is not kind:
            raise ConfigError(f"{where}.{key} must be {what}")
    for key in ("also", "left_out"):
        if key in found:
            found[key] = tuple(found[key])
            if not all(isinstance(name, str) for name in found[key]):
                raise ConfigError(f"{where}.{key} must be {_KINDS[key][1]}")
    return found


def _tiers(rows: Iterable[Any], where: str) -> Tiers:
    tiers = {}
    for row in rows:
        above = row.get("above") if isinstance(row, Mapping) else None
        if type(above) is not int or above < 1:
            raise ConfigError(f"{where}.tiers must be {_KINDS['tiers'][1]}")
        tiers[above] = _prices(row, ("above",), where)
    return tiers


def _change(row: Any, where: str) -> Change:
    day = row.get("from") if isinstance(row, Mapping) else None
    if type(day) is not datetime.date:
        raise ConfigError(f"{where}.changes must be {_KINDS['changes'][1]}")
    tiers = _said(row, ("tiers",), where).get("tiers")
    return Change(day, _prices(row, ("from", "tiers"), where), None if tiers is None else _tiers(tiers, where))


def _prices(row: Mapping[str, Any], besides: Container[str], where: str) -> dict[str, str]:
    price = {key: value for key, value in row.items() if key not in besides}
    for key, value in price.items():
        if not isinstance(value, str):
            raise ConfigError(f'{where}.{key} must be a string in USD per million tokens, such as "0.15"')
    return price


_KINDS: Mapping[str, tuple[type, str]] = {
    "context": (int, "a whole number of tokens"),
    "max_output": (int, "a whole number of tokens"),
    "also": (list, "a list of names"),
    "tiers": (list, 'a list of tables such as { above = 200000, input = "2.50" }'),
    "changes": (list, 'a list of tables such as { from = 2026-12-01, input = "2.50" }'),
    "left_out": (list, "a list of words"),
    "source": (str, "the URL of the page that says it"),
    "checked": (datetime.date, "a date such as 2026-11-27"),
}
"""What a model's table says besides its prices."""
