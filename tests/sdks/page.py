"""The page that says which SDK reaches which provider: made of what the tests saw."""

from tests.sdks.rows import CALLS, CLIENTS, FAMILIES, STATUSES, Client, Family, lack, pairs, reached

Results = dict[tuple[str, str, str], bool]
"""Whether it went well, by client, provider, and the call or the status."""

HEAD = """\
# What works with what

Printed by `tests/sdks/`, which runs the official SDKs against a gateway in front of recorded answers of the providers:
a cell says yes where each call gives the SDK what the provider's own SDK gets without a gateway, to the token.

Calls: an answer, a streamed one (cut by event, by byte and at random), a tool that is called and answered, one called
in a stream, JSON by a schema, and an image. Refusals: 400, 404, 429, 500 and 529 of the provider, and 401 of the
gateway; the SDK raises the class it raises for its own provider. A dash: not tried yet.
"""


def wanted(client: Client, family: Family) -> list[str]:
    """List what is tried with a pair."""
    return [*(call for call in CALLS if call in family.cases), *map(str, STATUSES), "401"]


def everything() -> set[tuple[str, str, str]]:
    """List what is to be in the results."""
    return {(client.name, family.name, what) for client, family in pairs() for what in wanted(client, family)}


def cell(results: Results, client: Client, family: Family) -> str:
    if family.name not in reached(client):
        return "–"
    fails = [what for what in wanted(client, family) if not results.get((client.name, family.name, what))]
    lacks = [call for call in family.cases if lack(client, family, call)]
    without = [*lacks, *(what for what in fails if what not in lacks)]
    return f"not {', '.join(without)}".replace("_", " ") if without else "yes"


def render(results: Results) -> str:
    """Write the page."""
    clients = [client for client in CLIENTS if reached(client)]
    families = [family for family in FAMILIES if any(family.name in reached(client) for client in clients)]
    lines = [HEAD, f"| SDK | {' | '.join(family.title for family in families)} |", "|---" * (len(families) + 1) + "|"]
    lines += [
        f"| {client.title} | {' | '.join(cell(results, client, family) for family in families)} |" for client in clients
    ]
    lines += ["", "What providers were recorded to answer:", "", "| provider | dialect | calls |", "|---|---|---|"]
    for family in families:
        calls = ", ".join(call for call in CALLS if call in family.cases).replace("_", " ")
        lines.append(f"| {family.title} | `{family.dialect}` | {calls} |")
    reasons = sorted(
        {
            f"* {client.title} at {family.title}, {call}: {lack(client, family, call)}"
            for client, family in pairs()
            for call in family.cases
            if lack(client, family, call)
        }
    )
    return "\n".join([*lines, *(["", "What cannot be:", "", *reasons] if reasons else [])]) + "\n"
