"""What became of each thing that another gateway had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MOST_FINDINGS = 20_000
_LONGEST, _LONGEST_WHY = 200, 4_000
_MOST_TOLD, _LONGEST_TOLD = 40, 60
_MARKUP = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_[]<>#|"})


class Became(StrEnum):
    """Whether a thing is here as it was, in part, or not at all."""

    CARRIED = "carried"
    PARTLY = "partly"
    LEFT = "left"


TITLES = {
    Became.CARRIED: "Carried over",
    Became.PARTLY: "Carried over in part: look at each",
    Became.LEFT: "Not carried over",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: its kind there, its name, what became of it, and why or as what."""

    kind: str
    name: str
    became: Became
    why: str


@dataclass(slots=True)
class Report:
    """What was found.  Holds no secret: whoever adds to it names fields, not what they hold."""

    system: str
    findings: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, became: Became, kind: str, name: object, why: str) -> None:
        """Say what became of something; after `MOST_FINDINGS` they are only counted."""
        if len(self.findings) >= MOST_FINDINGS:
            self.more += 1
            return
        self.findings.append(Finding(kind, printable(str(name)), became, printable(why, _LONGEST_WHY)))

    def of(self, became: Became) -> Sequence[Finding]:
        """Give those that became one thing."""
        return [one for one in self.findings if one.became is became]


def printable(text: str, most: int = _LONGEST) -> str:
    """Give a foreign text as it stands in a line: short, and without what a terminal or a shell would obey."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in cut)


def told(lost: Mapping[str, str]) -> str:
    """Name things that are not carried over, each by its name, with the reason that some share said once."""
    by_reason: dict[str, list[str]] = {}
    for name, why in list(lost.items())[:_MOST_TOLD]:
        by_reason.setdefault(why, []).append(printable(name, _LONGEST_TOLD))
    said = [f"{', '.join(names)}: {why}" for why, names in by_reason.items()]
    return "; ".join(said if len(lost) <= _MOST_TOLD else [*said, f"and {len(lost) - _MOST_TOLD} more"])


def as_markdown(report: Report, missing: Sequence[tuple[str, str]], steps: Sequence[str]) -> str:
    """Write a report for people; `missing` are secrets by name and what they are for, `steps` what is to be done."""
    counts = ", ".join(f"{len(report.of(became))} {became.value}" for became in Became)
    lines = [f"# From {report.system}", "", f"Things: {counts}.", ""]
    lines += ["## What is to be done", "", *(f"{number}. {step}" for number, step in enumerate(steps, 1)), ""]
    if missing:
        lines += ["## Secrets that must be there", ""]
        lines += [f"- `{name}`: {escaped(purpose)}" for name, purpose in missing] + [""]
    for became in (Became.LEFT, Became.PARTLY, Became.CARRIED):
        found = report.of(became)
        if found:
            lines += [f"## {TITLES[became]}", ""]
            lines += [f"- {one.kind} {escaped(one.name)}: {escaped(one.why)}" for one in found] + [""]
    if report.more:
        lines += [f"{report.more} more things are not listed.", ""]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Give a text without what Markdown makes something of."""
    return text.translate(_MARKUP)
