"""`tollbridge token auto-rotate ...` and `token rotate-all`: secrets that change by themselves, and many at once."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tollbridge.cli.output import print_fields, print_json, print_table
from tollbridge.cli.saying import typed
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.spans import overlap_s
from tollbridge_admin.commands.words import SearchOption, YesOption, check_sure

app = typer.Typer(help="Have a token's secret change by itself.", no_args_is_help=True)

TokenArgument = Annotated[str, typer.Argument(metavar="ID")]
OverlapOption = Annotated[str, typer.Option(help="How long the old secret still opens: 1h, 24h, 7d.")]
StateOption = Annotated[
    str,
    typer.Option(help="One of: active, disabled, revoked, expired, ending, near-budget, over-budget, unused."),
]


@app.command("set")
@placed
def put(
    where: Where,
    token_id: TokenArgument,
    into: Annotated[str, typer.Option(help="Where it goes: webhook:ID, file:PATH or hook:NAME.")],
    days_before: Annotated[int, typer.Option(min=1, help="How many days before its end it changes.")] = 14,
    overlap: OverlapOption = "24h",
) -> None:
    """Have a token's secret change by itself before it ends, and be handed over."""
    wish = {"into": into, "days_before": days_before, "overlap_s": overlap_s(overlap)}
    with Reaching.of(where) as api:
        _print_one(api.ask("PUT", _path(token_id), wish), as_json=where.as_json)


@app.command("show")
@placed
def show(where: Where, token_id: TokenArgument) -> None:
    """Show how a token's secret changes by itself, and whether a new one is on its way."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", _path(token_id)), as_json=where.as_json)


@app.command("remove")
@placed
def remove(where: Where, token_id: TokenArgument) -> None:
    """Have it not change by itself any more; one on its way is taken back, its files are let go."""
    with Reaching.of(where) as api:
        _print_one(api.ask("DELETE", _path(token_id)), as_json=where.as_json)


@placed
def rotate_all(
    where: Where,
    *,
    search: SearchOption = "",
    state: StateOption = "active",
    team: Annotated[str, typer.Option(help="Only those of this team.")] = "",
    parent: Annotated[str, typer.Option(help="Only those that this token minted.")] = "",
    overlap: Annotated[str, typer.Option(help="How long the old secrets still open: now, 1h, 24h, 7d.")] = "24h",
    into: Annotated[str, typer.Option(help="Hand them over: webhook:ID, file:PATH with {id} in it, hook:NAME.")] = "",
    yes: YesOption = False,
) -> None:
    """Give all tokens, or those that the options name, a new secret each, printed once or handed over."""
    meant = {"q": search, "state": state, "team": team, "parent": parent}
    wish: dict[str, Any] = {"filter": meant, "overlap_s": overlap_s(overlap), **({"into": into} if into else {})}
    check_sure("Give each of these tokens a new secret?", yes=yes)
    found: list[Mapping[str, Any]] = []
    with Reaching.of(where) as api:
        after = ""
        while after is not None:
            page = api.ask("POST", "/tokens/rotate", {**wish, "after": after})
            found += page["items"]
            after = page["next"]
    if where.as_json:
        print_json(found)
        return
    rows = [[one["id"], one["result"], one["token"] or typed(one["detail"] or "-")] for one in found]
    print_table("Tokens", ("id", "result", "secret, shown this once"), rows, empty="There is no such token.")


def _path(token_id: str) -> str:
    return f"/tokens/{named(token_id)}/auto-rotation"


def _print_one(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(one)
        return
    if one["into"] is None:
        print("The token's secret does not change by itself.")
    else:
        hours = int(one["overlap_s"]) // 3_600
        fields = {"into": one["into"], "days before its end": one["days_before"], "overlap": f"{hours} h"}
        failure = {"not begun": one["failure"]} if one["failure"] else {}
        times = {"next": when_said(one["due_at"]), "done": when_said(one["done_at"])}
        print_fields({**fields, **times, **failure})
    if one["handover"] is not None:
        under_way = one["handover"]
        said = {"since": when_said(under_way["since"]), "into": under_way["into"], "failure": under_way["failure"]}
        print_fields({f"new secret {name}": value for name, value in said.items()})
