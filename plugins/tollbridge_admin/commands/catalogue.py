"""`tollbridge catalogue ...`: what is published, and how it is called."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from tollbridge.cli.output import harmless, labelled, print_fields, print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed
from tollbridge_admin.commands.words import LimitOption, SearchOption

app = typer.Typer(help="See which services are published, and how they are called.", no_args_is_help=True)

_PAGE = 50
"""Cards come with logos, so that a page holds fewer than others do."""
ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", help="Its slug or id.")]


@app.command("list")
@placed
def services(
    where: Where,
    search: SearchOption = "",
    category: Annotated[str, typer.Option(help="Only those in this category and below.")] = "",
    tag: Annotated[str, typer.Option(help="Only those with this tag.")] = "",
    kind: Annotated[str, typer.Option(help="Only those of this kind.")] = "",
    team: Annotated[str, typer.Option(help="Only those of this team.")] = "",
    limit: LimitOption = 50,
) -> None:
    """List the published services that you may see, by their slugs."""
    said = {"q": search, "category": category, "tag": tag, "kind": kind, "team": team}
    query = {"limit": min(_PAGE, limit), **{name: text or None for name, text in said.items()}}
    with Reaching.of(where) as api:
        found = list(api.items("/catalogue/services", query, most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("slug", "name", "category", "team", "version", "price", "subscribed")
    rows = [
        [
            *(one["slug"], one["name"], one["category"] or "-", one["team"] or "-", one["version"]),
            *(one["price_per_call_usd"], one["subscription"] or "-"),
        ]
        for one in found
    ]
    print_table("Catalogue", columns, rows, empty="There are no services.")


@app.command("show")
@placed
def show(where: Where, service: ServiceArgument) -> None:
    """Show a published service: what can be called, where, under which plans, what it promises, and its docs."""
    with Reaching.of(where) as api:
        found = api.ask("GET", _path(service))
    if where.as_json:
        print_json(found)
        return
    words = ("slug", "name", "description", "kind", "category", "tags", "team", "state", "access", "approval")
    more = ("version", "versions", "url", "mcp_url", "model", "price_per_call_usd")
    use = ("calls_24h", "subscribers", "subscription")
    ending = ("deprecated_at", "sunset_at", "successor", "paused_at", "paused_why")
    print_fields(labelled({word: found[word] for word in (*words, *more, *use, *ending)}))
    print()
    rows = [[one["method"], one["url"], one["scope"], one["summary"]] for one in found["called"]]
    print_table("Operations", ("method", "url", "scope", "what"), rows, empty="Nothing can be called.")
    if found["plans"]:
        print()
        plans = [[one["name"], one["title"] or "-", one["price_per_call_usd"] or "-"] for one in found["plans"]]
        print_table("Plans", ("plan", "title", "price"), plans, empty="")
    if found["slos"]:
        print()
        slos = [
            [one["name"], f"{one['objective']:g} %", _within(one), f"{one['window_days']} days"]
            for one in found["slos"]
        ]
        print_table("Objectives", ("objective", "promised", "within", "over"), slos, empty="")
    if found["contacts"]:
        print()
        contacts = [[one["name"], one["email"] or "-", one["url"] or "-"] for one in found["contacts"]]
        print_table("Contacts", ("name", "email", "url"), contacts, empty="")
    if found["docs"]:
        print()
        for line in found["docs"].splitlines():
            print(harmless(line.expandtabs()))


@app.command("openapi")
@placed
def openapi(
    where: Where,
    service: ServiceArgument,
    version: Annotated[str, typer.Option("--version", "-v", help="That of this version.")] = "",
) -> None:
    """Print the OpenAPI document of a published service."""
    with Reaching.of(where) as api:
        print_json(api.ask("GET", f"{_path(service)}/openapi", query={"version": version or None}))


@app.command("categories")
@placed
def categories(where: Where) -> None:
    """Count the published services that you may see, by category, as a tree."""
    with Reaching.of(where) as api:
        found = api.ask("GET", "/catalogue")
    if where.as_json:
        print_json(found)
        return
    for line in _lines(found["categories"], 0):
        print(harmless(line))
    print(f"{found['services']} in all")


def _lines(tree: Sequence[Mapping[str, Any]], depth: int) -> Iterator[str]:
    for one in tree:
        yield f"{'  ' * depth}{one['name']} ({one['services']})"
        yield from _lines(one["categories"], depth + 1)


def _within(slo: Mapping[str, Any]) -> str:
    return "-" if slo["latency_ms"] is None else f"{slo['latency_ms']} ms"


def _path(service: str) -> str:
    return f"/catalogue/services/{named(service)}"
