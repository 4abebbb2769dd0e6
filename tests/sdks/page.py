"""The page that says which SDK reaches which provider: made of what the tests saw."""

from collections.abc import Iterator

from tests.sdks.rows import KINDS
from tests.sdks.table import Client, Family, Kind, Made

Results = dict[tuple[str, str, str], bool]
"""Whether it went well, by client, provider, and the call or the status."""

HEAD = """\
# What works with what

Printed by `tests/sdks/`, which runs the official SDKs against a gateway in front of recorded answers of the providers:
a cell says yes where each call gives the SDK what the provider's own SDK gets without a gateway, to the token.

Refusals are tried too, wherever a provider is asked: 400, 429 and 529 of the provider, of the vendors' conversations
404 and 500 as well, and 401 of the gateway; the SDK raises the class it raises for its own provider. A dash: not tried
yet. Of a provider only those calls are tried that it was recorded to answer.

The gateway keeps answers (`[answers] keep = true`): Vercel's `ai` refers to items of earlier answers of the Responses
API, unless it is told `store: false`.
"""


def everything() -> set[tuple[str, str, str]]:
    """List what is to be in the results."""
    return {
        (client.name, family.name, what)
        for kind in KINDS
        for client, family in kind.pairs()
        for what in kind.wanted(client, family)
    }


def cell(results: Results, kind: Kind, client: Client, family: Family) -> str:
    if family.name not in kind.reached(client):
        return "–"
    wanted = kind.wanted(client, family)
    fails = [what for what in wanted if not results.get((client.name, family.name, what))]
    if fails:
        return f"not {', '.join(map(_spoken, fails))}"
    return "yes" if family.cases or kind.alone else "estimated"


def render(results: Results) -> str:
    """Write the page."""
    return "\n".join([HEAD, *(line for kind in KINDS for line in _section(results, kind))])


def _section(results: Results, kind: Kind) -> Iterator[str]:
    yield from (f"## {kind.title}", "", kind.text, "")
    yield f"| SDK | {' | '.join(family.title for family in kind.families)} |"
    yield "|---" * (len(kind.families) + 1) + "|"
    for client in kind.clients:
        yield f"| {client.title} | {' | '.join(cell(results, kind, client, family) for family in kind.families)} |"
    yield ""
    if not kind.alone:
        yield from _recorded(kind)
    yield from _listed("What the gateway mends, for it fails without one:", _mended(kind))


def _recorded(kind: Kind) -> Iterator[str]:
    yield from ("What providers were recorded to answer:", "", "| provider | dialect | calls |", "|---|---|---|")
    for family in kind.families:
        calls = ", ".join(_spoken(call) for call in kind.calls if call in family.cases)
        yield f"| {family.title} | `{family.dialect}` | {_unrecorded(family) or calls or 'none, it is not asked'} |"
    yield ""


def _unrecorded(family: Family) -> str:
    """Say what stands for the recorded answers of a provider that has none."""
    return ", ".join(sorted({case.said for case in family.cases.values() if isinstance(case, Made) and case.said}))


def _mended(kind: Kind) -> set[str]:
    return {
        f"* {client.title} at {family.title}, {_spoken(call)}: {kind.mended(client, family, call)}"
        for client, family in kind.pairs()
        for call in kind.made(client, family)
        if kind.mended(client, family, call)
    }


def _listed(head: str, items: set[str]) -> Iterator[str]:
    if items:
        yield from (head, "", *sorted(items), "")


def _spoken(call: str) -> str:
    return call.replace("_", " ")
