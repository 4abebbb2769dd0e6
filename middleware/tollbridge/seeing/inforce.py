"""The configuration in force, option by option: its value, its default, where it comes from, and what it means.

No secret is among the values: a reference to one is shown as it is, anything else under the name of a secret is not. A
file is read anew to say what stands in it; what was changed in it since the start is not in force.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, time
from typing import Any, Literal

import msgspec

from tollbridge.config import Config, from_environment, read_file
from tollbridge.errors import ConfigError
from tollbridge.logs import clean
from tollbridge.options import is_reference
from tollbridge.redaction import REDACTED, is_secret_name
from tollbridge.registry import Registry
from tollbridge.seeing.optionwords import EXAMPLES, SectionWords, shipped_words

Origin = Literal["default", "file", "environment", "code"]
"""`code` is a flag of the command too, and what stood in the file at the start and does not any more."""

_BESIDE = frozenset(("path", "data", "key_sources", "secret_sinks"))
_WITHIN = {"key_sources": "secrets", "secret_sinks": "rotation"}
"""Tables that stand within a section, by the field of the configuration that has them."""
_OFFERED = {"identity": "identity_sources", "policies": "policies"} | {name: name for name in _WITHIN}
"""Tables whose options are those of what plugins offer, with where the registry has these."""
_PLACES = frozenset((("secrets", "keys"), ("secrets", "pepper")))
"""Options that say where secrets are, and never hold one."""
_HEADERS = "headers"
_NOTHING = SectionWords()
_ABSENT = object()


class OptionInForce(msgspec.Struct, frozen=True):
    """An option.  `about` is what the shipped file says of it, empty where that says nothing."""

    name: str
    value: Any
    default: Any
    origin: Origin
    about: str


class SectionInForce(msgspec.Struct, frozen=True):
    """A section by its whole name, such as `server` or `providers.mine`."""

    name: str
    about: str
    options: tuple[OptionInForce, ...]


def sections_in_force(config: Config, registry: Registry, env: Mapping[str, str]) -> list[SectionInForce]:
    """List the sections in the order of the shipped file; reads the file again, so not for an event loop."""
    return list(_Told(config, registry, env).sections())


class _Told:
    """Tells of one configuration."""

    def __init__(self, config: Config, registry: Registry, env: Mapping[str, str]) -> None:
        self._config = config
        self._registry = registry
        self._environment = from_environment(env)
        self._file: Mapping[str, object] = {}
        if config.path is not None:
            with suppress(ConfigError):
                self._file = read_file(config.path)

    def sections(self) -> Iterator[SectionInForce]:
        for one in fields(Config):
            if one.name in _BESIDE:
                continue
            held = getattr(self._config, one.name)
            if is_dataclass(held):
                yield from self._own((one.name,), held)
                for within in (each for each, section in _WITHIN.items() if section == one.name):
                    yield from self._tables((one.name,), getattr(self._config, within), self._offered(within))
            elif one.name in _OFFERED:
                yield from self._tables((one.name,), held, self._offered(one.name))
            else:
                for name, each in held.items():
                    yield from self._own((one.name, name), each)

    def _own(self, path: tuple[str, ...], held: Any) -> Iterator[SectionInForce]:
        """Tell of a section that is ours, and of those for each of what there are several of in it."""
        words = _words(path)
        options = list[OptionInForce]()
        several = dict[str, Mapping[str, Any]]()
        for one in fields(held):
            value, default = getattr(held, one.name), _default(one)
            if ".".join((*path, one.name)) in EXAMPLES:
                several[one.name] = value
                continue
            hidden = self._hidden(one.name, held)
            about = words.options.get(one.name, "")
            name = "" if (*path, one.name) in _PLACES else one.name
            shown, usual = _shown(value, name, hidden), _shown(default, name)
            options.append(
                OptionInForce(one.name, shown, usual, self._origin((*path, one.name), value, default), about)
            )
        yield SectionInForce(".".join(path), words.about, tuple(options))
        for name, of in several.items():
            for key, each in of.items():
                yield from self._own((*path, name, key), each)

    def _tables(
        self, path: tuple[str, ...], tables: Mapping[str, Mapping[str, object]], offered: Mapping[str, type]
    ) -> Iterator[SectionInForce]:
        """Tell of tables whose options are those of what a plugin offers."""
        for name, table in tables.items():
            of, words = offered.get(name), _words((*path, name))
            known = {one.name: one for one in fields(of)} if of is not None and is_dataclass(of) else {}
            options = tuple(
                OptionInForce(
                    key,
                    _shown(value, key, _unseen(known)),
                    _shown(_default(known[key]), key, _unseen(known)) if key in known else None,
                    self._origin((*path, name, key), value, _ABSENT),
                    words.options.get(key, ""),
                )
                for key, value in table.items()
            )
            yield SectionInForce(".".join((*path, name)), words.about, options)

    def _offered(self, section: str) -> Mapping[str, type]:
        found: Mapping[str, type] = getattr(self._registry, _OFFERED[section])
        return found

    def _hidden(self, option: str, held: Any) -> Collection[str]:
        """Name the options that are hidden in a table of ours whose own are those of what a plugin offers."""
        within: Mapping[str, Mapping[str, type]] = {
            "auth_options": self._registry.auth_schemes,
            "rotator_options": self._registry.key_rotators,
        }
        if option not in within:
            return ()
        of: Any = within[option].get(getattr(held, option.removesuffix("_options")))
        return _unseen({one.name: one for one in fields(of)}) if of is not None and is_dataclass(of) else ()

    def _origin(self, path: tuple[str, ...], value: object, default: object) -> Origin:
        if _is(_at(self._environment, path), value):
            return "environment"
        if _is(_at(self._file, path), value):
            return "file"
        return "default" if value == default else "code"


def _words(path: tuple[str, ...]) -> SectionWords:
    words = shipped_words()
    return words.get(".".join(path)) or words.get(EXAMPLES.get(".".join(path[:-1]), "")) or _NOTHING


def _default(option: "Field[Any]") -> object:
    if option.default is not MISSING:
        return option.default
    return None if option.default_factory is MISSING else option.default_factory()


def _unseen(known: Mapping[str, "Field[Any]"]) -> Collection[str]:
    """Name the options that do not show in the `repr` of what has them."""
    return [name for name, option in known.items() if not option.repr]


def _at(table: object, path: tuple[str, ...]) -> object:
    for name in path:
        table = table.get(name, _ABSENT) if isinstance(table, Mapping) else _ABSENT
    return table


def _is(said: object, value: object) -> bool:
    """Whether what stands somewhere is a value in force; of tables only that they are there is looked at."""
    if isinstance(said, list) and isinstance(value, tuple | list):
        return said == list(value)
    return said is not _ABSENT and (isinstance(said, Mapping) or said == value)


def _shown(value: object, name: str, hidden: Collection[str] = ()) -> Any:
    """Give a value as JSON has it, without secrets.  Headers may hold any, so of those there are the names alone."""
    if name in hidden or is_secret_name(name):
        return _secret(value)
    if isinstance(value, str):
        return clean(value)
    if is_dataclass(value):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, Mapping):
        every = value if name == _HEADERS else hidden
        return {str(key): _shown(each, str(key), every) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_shown(each, name, hidden) for each in value]
    if isinstance(value, date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else clean(str(value))


def _secret(value: object) -> Any:
    """Give a reference as it is, and of anything else whether it is there."""
    if isinstance(value, str) and (not value or is_reference(value)):
        return clean(value)
    return value if value is None or isinstance(value, bool) else REDACTED
