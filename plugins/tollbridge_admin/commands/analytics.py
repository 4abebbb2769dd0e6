"""`tollbridge service analytics` and `tollbridge application usage`: who calls, how it fares, what it costs."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer

from tollbridge.cli.output import labelled, print_fields, print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.spans import time_ago
from tollbridge_admin.csvtext import csv_text

services, applications = typer.Typer(), typer.Typer()
"""Commands that stand beside those of `service` and of `application`."""

LastOption = Annotated[str, typer.Option("--last", help="How far back: a span such as 24h or 30d, or a time.")]
StepOption = Annotated[Literal["hour", "day"], typer.Option(help="How long each part of the series is, in UTC.")]
TopOption = Annotated[int, typer.Option(min=1, max=100, help="How many callers and the like at most.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="The series alone, as CSV.")]
_COUNTS = ("calls", "failed", "client_errors", "refused", "cost_usd")
_SERIES = ("at", "calls", "failed", "cost_usd", "latency_p50_ms", "latency_p95_ms")


@services.command("analytics")
@placed
def analytics(
    where: Where,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Its slug or id.")],
    last: LastOption = "24h",
    step: StepOption = "hour",
    top: TopOption = 10,
    as_csv: CsvOption = False,
) -> None:
    """Say who calls a service, which releases, how it fares, what it costs, and how its objectives stand."""
    found = _asked(where, f"/services/{named(service)}/analytics", last, step, top)
    if _print_plain(where, found, as_csv=as_csv):
        return
    callers = [
        {**one, "caller": one["name"] or one["application"] or one["token"] or "no token"} for one in found["callers"]
    ]
    releases = [{**one, "release": one["version"] or one["id"]} for one in found["releases"]]
    _print_shares("Callers", "caller", callers)
    _print_shares("Releases", "release", releases)
    _print_shares("Operations", "operation", found["operations"])
    _print_failures(found["failures"])
    rows = [
        [
            *(one["name"], f"{one['objective']:g} %", _said(one["attained"], " %"), _said(one["budget_left"])),
            *(_said(one["burn_rates"][window]) for window in ("1h", "6h", "24h", "3d")),
            one["burning"]["window"] if one["burning"] else "-",
        ]
        for one in found["slos"]
    ]
    columns = ("objective", "promised", "attained", "budget left", "1h", "6h", "24h", "3d", "burns")
    print_table("Objectives", columns, rows, empty="Nothing is promised.")


@applications.command("usage")
@placed
def usage(
    where: Where,
    application: Annotated[str, typer.Argument(metavar="ID", help="The id of the application.")],
    last: LastOption = "24h",
    step: StepOption = "hour",
    top: TopOption = 10,
    as_csv: CsvOption = False,
) -> None:
    """Say what an application calls, by service, how that fares and what it costs."""
    found = _asked(where, f"/applications/{named(application)}/usage", last, step, top)
    if _print_plain(where, found, as_csv=as_csv):
        return
    _print_shares("Services", "service", found["services"])
    _print_failures(found["failures"])


def _asked(where: Where, path: str, last: str, step: str, top: int) -> Mapping[str, Any]:
    with Reaching.of(where) as api:
        found: Mapping[str, Any] = api.ask("GET", path, query={"from": time_ago(last), "step": step, "top": top})
    return found


def _print_plain(where: Where, found: Mapping[str, Any], *, as_csv: bool) -> bool:
    """Print for a machine where that was asked for, else the sums; says whether that was all."""
    if as_csv:
        sys.stdout.write(csv_text(_SERIES, found["series"]))
    elif where.as_json:
        print_json(found)
    else:
        span = {"from": when_said(found["from"]), "to": when_said(found["to"])}
        print_fields(labelled({**span, **found["totals"]}))
    return as_csv or where.as_json


def _print_shares(title: str, key: str, shares: Sequence[Mapping[str, Any]]) -> None:
    rows = [[one[key] or "-", *(str(one[name]) for name in _COUNTS), when_said(one["last_at"])] for one in shares]
    columns = (key, "calls", "failed", "4xx", "refused", "USD", "last")
    print_table(title, columns, rows, empty=f"{title}: none.")


def _print_failures(failures: Sequence[Mapping[str, Any]]) -> None:
    rows = [[one["code"] or "-", str(one["status"]), str(one["calls"])] for one in failures]
    print_table("Failures", ("code", "status", "calls"), rows, empty="Nothing went wrong.")


def _said(number: float | None, unit: str = "") -> str:
    return "-" if number is None else f"{number:g}{unit}"
