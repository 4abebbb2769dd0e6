"""`tollbridge plan ...`: what subscriptions may use, and at which price."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands.acting import check_meant
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed
from tollbridge_admin.commands.words import (
    BudgetOption,
    ConcurrencyOption,
    LimitOption,
    RpmOption,
    TpmOption,
    YesOption,
    counts,
    money,
    money_said,
    wished,
)

app = typer.Typer(help="Make plans of subscriptions, change and end them.", no_args_is_help=True)

PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", help="Its name.")]
TitleOption = Annotated[str, typer.Option(help="What people read.")]
AboutOption = Annotated[str, typer.Option("--description", help="What it is about.")]
PriceOption = Annotated[str, typer.Option(help="What a call costs, in USD, in place of what the service says.")]
ModelOption = Annotated[
    list[str] | None, typer.Option("--model", help="A model that calls may come to, or a glob; several times.")
]
QuotaOption = Annotated[str, typer.Option(help="Calls: 1000/month or 50/day; 1000 is 1000/month.")]
PolicyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        help='A policy run around each call, with its options as JSON: masking or masking={"level":"full"}; several '
        "times.",
    ),
]
_QUOTA = re.compile(r"([1-9][0-9]{0,12})(?:/(day|month))?")
_NO_MORE = {
    **{"rpm": "requests_per_minute", "tpm": "tokens_per_minute", "concurrency": "concurrency", "budget": "budget"},
    **{"price": "price_per_call_usd", "models": "models", "quota": "quota", "title": "title"},
    **{"description": "description", "policies": "policies"},
}


@app.command("create")
@placed
def create(
    where: Where,
    name: Annotated[str, typer.Argument(help="Small letters, digits and hyphens; it stays.")],
    title: TitleOption = "",
    description: AboutOption = "",
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    quota: QuotaOption = "",
    price: PriceOption = "",
    model: ModelOption = None,
    policy: PolicyOption = None,
) -> None:
    """Make a plan; what is not said it does not bound."""
    said = {"name": name, "title": title, "description": description, "price_per_call_usd": price, "models": model}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency)
    with Reaching.of(where) as api:
        wish = wished({**said, "budget": money(budget), "quota": calls(quota), "policies": policies(policy)}) | numbers
        _print_one(api.ask("POST", "/plans", wish), as_json=where.as_json)


@app.command("list")
@placed
def plans(where: Where, limit: LimitOption = 50) -> None:
    """List plans by their names."""
    with Reaching.of(where) as api:
        found = list(api.items("/plans", most=limit))
    if where.as_json:
        print_json(found)
        return
    columns = ("name", "title", "price", "budget", "quota", "state")
    rows = [
        [
            *(one["name"], one["title"] or "-", one["price_per_call_usd"] or "-", money_said(one["budget"]) or "-"),
            *(_quota_said(one["quota"]) or "-", "open" if one["ended_at"] is None else "ended"),
        ]
        for one in found
    ]
    print_table("Plans", columns, rows, empty="There is no plan.")


@app.command("show")
@placed
def show(where: Where, plan: PlanArgument) -> None:
    """Show one plan."""
    with Reaching.of(where) as api:
        _print_one(api.ask("GET", _path(plan)), as_json=where.as_json)


@app.command("edit")
@placed
def edit(
    where: Where,
    plan: PlanArgument,
    title: TitleOption = "",
    description: AboutOption = "",
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    concurrency: ConcurrencyOption = None,
    budget: BudgetOption = "",
    quota: QuotaOption = "",
    price: PriceOption = "",
    model: ModelOption = None,
    policy: PolicyOption = None,
    no: Annotated[
        list[str] | None, typer.Option("--no", help=f"Take one of these away: {', '.join(_NO_MORE)}.")
    ] = None,
) -> None:
    """Change what the options name, for all who have it, at once."""
    said = {"title": title, "description": description, "price_per_call_usd": price, "models": model}
    numbers = counts(requests_per_minute=rpm, tokens_per_minute=tpm, concurrency=concurrency)
    terms = {"budget": money(budget), "quota": calls(quota), "policies": policies(policy)}
    change = numbers | wished({**said, **terms}, no or (), _NO_MORE)
    with Reaching.of(where) as api:
        _print_one(api.ask("PATCH", _path(plan), change), as_json=where.as_json)


@app.command("end")
@placed
def end(where: Where, plan: PlanArgument, yes: YesOption = False) -> None:
    """Give a plan to nobody any more; who has it keeps it."""
    with Reaching.of(where) as api:
        check_meant(api, _path(plan), f"End {plan}? Nobody gets it any more; who has it keeps it", yes=yes)
        _print_one(api.ask("PATCH", _path(plan), {"ended": True}), as_json=where.as_json)


@app.command("reopen")
@placed
def reopen(where: Where, plan: PlanArgument) -> None:
    """Give a plan that was ended again."""
    with Reaching.of(where) as api:
        _print_one(api.ask("PATCH", _path(plan), {"ended": False}), as_json=where.as_json)


def calls(text: str) -> dict[str, Any] | None:
    """Read `1000/month`, `50/day`, or `1000` for a month; raises a usage error."""
    if not text:
        return None
    found = _QUOTA.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text[:40]!r}: a quota is CALLS/day or CALLS/month", param_hint="--quota")
    return {"calls": int(found[1]), "period": found[2] or "month"}


def policies(texts: Sequence[str] | None) -> dict[str, Any] | None:
    """Read `masking`, or `masking={"level":"full"}`; raises a usage error."""
    if not texts:
        return None
    found = {}
    for text in texts:
        name, given, options = text.partition("=")
        try:
            found[name] = json.loads(options) if given else {}
        except ValueError:
            found[name] = None
        if not name or not isinstance(found[name], dict):
            raise typer.BadParameter(
                f"{text[:40]!r}: a policy is NAME, or NAME=OPTIONS with a JSON object", param_hint="--policy"
            )
    return found


def _quota_said(quota: Mapping[str, Any] | None) -> str:
    return "" if quota is None else f"{quota['calls']}/{quota['period']}"


def _path(plan: str) -> str:
    return f"/plans/{named(plan)}"


def _print_one(plan: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(plan)
        return
    words = ("name", "title", "description", "price_per_call_usd", "budget", "quota")
    limits = ("requests_per_minute", "tokens_per_minute", "concurrency", "models", "policies", "created_at", "ended_at")
    told = [f"{name}={json.dumps(options)}" if options else name for name, options in plan["policies"].items()]
    said = {**plan, "budget": money_said(plan["budget"]), "quota": _quota_said(plan["quota"]), "policies": told}
    print_fields(labelled({word: said[word] for word in (*words, *limits)}))
