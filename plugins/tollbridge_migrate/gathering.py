"""What is carried over, gathered while a foreign file is read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tollbridge_migrate.naming import variable
from tollbridge_migrate.reporting import Became, Report

MOST_MODELS, MOST_TARGETS, MOST_HOSTS, MOST_DOCUMENTS, MOST_TOKENS = 10_000, 100, 1_000, 20_000, 200_000
"""So many of each are written; what is over is left, and said to be."""
_LONGEST_STORED, _LONGEST_VARIABLE = 64, 500
"""Characters of a name that a secret is stored by, and of a variable."""


@dataclass(frozen=True, slots=True)
class Host:
    """What serves a model: a provider of ours by its name, or a URL of its own.

    `key` is a reference such as `env:NAME`. `local` hosts may be on private addresses.
    """

    base: str = ""
    url: str = ""
    dialect: str = ""
    key: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    local: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A model of a host, as that calls it."""

    host: Host
    model: str


@dataclass(slots=True)
class ModelPart:
    """A name that callers use, and what stands behind it."""

    targets: dict[Target, None] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be said of a thing if all its hosts have a place: that is known once all of them are.

    `PLACE` in `why` is the name of the first one's section.
    """

    became: Became
    kind: str
    name: object
    why: str
    targets: tuple[Target, ...]


PLACE = "\N{OBJECT REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that must be there: the variable or stored name it has, and what it is for."""

    name: str
    purpose: str
    value: str = field(default="", repr=False)
    stored: bool = False


@dataclass(slots=True)
class Gathering:
    """Everything that one migration makes.  `whole` are hosts of which every model can be called."""

    report: Report
    models: dict[str, ModelPart] = field(default_factory=dict)
    hosts: dict[Host, None] = field(default_factory=dict)
    whole: dict[Host, None] = field(default_factory=dict)
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    tokens: list[Mapping[str, Any]] = field(default_factory=list)
    secrets: dict[str, Secret] = field(default_factory=dict)
    _claims: list[Claim] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _known: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    _stored: dict[tuple[tuple[str, ...], str], str] = field(default_factory=dict, repr=False)

    def carried(self, kind: str, name: object, why: str) -> None:
        """Say that something is here as it was."""
        self.report.add(Became.CARRIED, kind, name, why)

    def partly(self, kind: str, name: object, why: str) -> None:
        """Say that something is here, but not all of it."""
        self.report.add(Became.PARTLY, kind, name, why)

    def left(self, kind: str, name: object, why: str) -> None:
        """Say that something is not here."""
        self.report.add(Became.LEFT, kind, name, why)

    def claim(self, became: Became, kind: str, name: object, why: str, targets: Iterable[Target]) -> None:
        """Say what became of a thing that is some targets, once it is known which of them have a place."""
        self._claims.append(Claim(became, kind, name, why, tuple(targets)))

    def settle(self, place: Callable[[Host], str], lacks: Callable[[Target], str]) -> None:
        """Say what was claimed.

        `place` gives the section of a host, empty where it has none, `lacks` what a target has not there.
        """
        claims, self._claims = self._claims, []
        for one in claims:
            lost = [target for target in one.targets if not place(target.host)]
            said = one.why.replace(PLACE, next(filter(None, (place(target.host) for target in one.targets)), ""))
            if not lost:
                there = list(dict.fromkeys(filter(None, map(lacks, one.targets))))
                became = Became.PARTLY if there else one.became
                self.report.add(became, one.kind, one.name, "; ".join((said, *there)))
                continue
            why = f"a second section for {lost[0].host.base!r} takes credentials that are not here; write it by hand"
            if len(lost) == len(one.targets):
                self.left(one.kind, one.name, why)
            else:
                self.partly(
                    one.kind, one.name, f"{said}; {len(lost)} of its {len(one.targets)} targets are left: {why}"
                )

    def target(self, model: str, target: Target) -> bool:
        """Put a target behind a name; says whether there was room for it."""
        if target.host not in self.hosts and len(self.hosts) >= MOST_HOSTS:
            return False
        part = self.models.get(model)
        if part is None:
            if len(self.models) >= MOST_MODELS or not _is_name(model):
                return False
            part = self.models[model] = ModelPart()
        if target in part.targets:
            return True
        if len(part.targets) >= MOST_TARGETS:
            return False
        part.targets[target] = None
        self.hosts[target.host] = None
        return True

    def secret(self, value: str, purpose: str, *parts: str) -> str:
        """Keep a secret that stands in clear, and give the reference to it: a variable named after some words."""
        wish = variable(*parts)
        name = self._known.get((wish, value))
        if name is None:
            name = self._known[wish, value] = self._free(wish)
            self.secrets[name] = Secret(name, purpose, value)
        return f"env:{name}"

    def wanted(self, name: str, purpose: str) -> str:
        """Note a variable that the foreign file names, and give the reference to it."""
        self.secrets.setdefault(name, Secret(name, purpose))
        return f"env:{name}"

    def set_variable(self, name: str, value: str, purpose: str) -> None:
        """Keep a variable that the foreign file sets."""
        self.secrets[name] = Secret(name, purpose, value)

    def stored(self, value: str, purpose: str, team: str, *parts: str) -> str:
        """Keep a secret that a service of a team uses, and give the reference to it: a name after some words."""
        wish = (team, *parts)
        name = self._stored.get((wish, value))
        if name is None:
            name = self._stored[wish, value] = self._free(f"{team}.{'-'.join(parts)}", "-", most=_LONGEST_STORED)
            self.secrets[name] = Secret(name, purpose, value, stored=True)
        return f"stored:{name}"

    def document(self, kind: str, name: str, spec: Mapping[str, Any]) -> bool:
        """Add a document; says whether there was room for it."""
        if len(self.documents) >= MOST_DOCUMENTS:
            return False
        self.documents[kind, name] = spec
        return True

    def free(self, kind: str, name: str) -> str:
        """Give a name that no document of a kind has, this one if it can be."""
        number, free = self._numbers.get(f"{kind} {name}", 1), name
        while (kind, free) in self.documents:
            number += 1
            free = f"{name}-{number}"
        self._numbers[f"{kind} {name}"] = number
        return free

    def token(self, line: Mapping[str, Any]) -> bool:
        """Add a line for `tollbridge token import`; says whether there was room for it."""
        if len(self.tokens) >= MOST_TOKENS:
            return False
        self.tokens.append(line)
        return True

    def option(self, section: str, key: str, value: object) -> None:
        """Set an option of the configuration."""
        self.sections.setdefault(section, {})[key] = value

    def _free(self, name: str, before: str = "_", *, most: int = _LONGEST_VARIABLE) -> str:
        """Give a name that no secret has, this one if it can be: else cut, and with a number behind `before`."""
        cut = name[:most]
        number, free = self._numbers.get(cut, 1), cut
        while free in self.secrets:
            number += 1
            tail = f"{before}{number}"
            free = f"{cut[: most - len(tail)]}{tail}"
        self._numbers[cut] = number
        return free


def _is_name(model: str) -> bool:
    return 0 < len(model) <= 200 and model.isprintable()


def names_of(values: Sequence[str], most: int = 5) -> str:
    """Give some names for a sentence, the first few of many."""
    shown = ", ".join(values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most} more"
