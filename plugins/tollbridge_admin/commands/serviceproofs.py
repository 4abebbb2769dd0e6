"""The commands of `tollbridge service` that try: a release with its tests, a draft with one request."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from tollbridge.cli.asking import Asking
from tollbridge.cli.output import harmless, print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, named, placed, when_said
from tollbridge_admin.commands.requests import read_header, read_json, read_text

ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", help="Its slug or id.")]
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The number of the release.")]
_FAILED = 400


def add_to(app: typer.Typer) -> None:
    """Add the commands to a group."""
    for name, command in (("prove", prove), ("evaluations", evaluations), ("try", try_out)):
        app.command(name)(command)


@placed
def prove(where: Where, service: ServiceArgument, number: NumberArgument) -> None:
    """Try a release as its kind does, such as with its test set, on your account.  Ends with 1 where it does not pass.

    The result is kept: a release with a test set is published only after it passed.
    """
    with Reaching.of(where) as api:
        found = ask_for_proof(api, service, number)
    if where.as_json:
        print_json(found)
    else:
        print_proof(found)
    if not found["evaluation"]["passed"]:
        raise typer.Exit(1)


@placed
def evaluations(where: Where, service: ServiceArgument, number: NumberArgument) -> None:
    """List what is kept of the trials of a release, the newest first."""
    with Reaching.of(where) as api:
        found = api.ask("GET", f"/services/{named(service)}/releases/{number}/evaluations")["items"]
    if where.as_json:
        print_json(found)
        return
    columns = ("number", "at", "by", "passed", "cases", "cost per case", "p50 ms", "p95 ms", "models")
    print_table("Evaluations", columns, list(map(_row, found)), empty="It was not tried yet.")


@placed
def try_out(
    where: Where,
    service: ServiceArgument,
    *,
    body: Annotated[str, typer.Option("--body", "-d", help="JSON, @FILE of it, or - for standard input.")] = "",
    method: Annotated[str, typer.Option("--method", "-X", help="How it is called.")] = "POST",
    path: Annotated[str, typer.Option(help="Below the service, such as /today.")] = "",
    query: Annotated[str, typer.Option(help="What stands behind the question mark.")] = "",
    header: Annotated[list[str] | None, typer.Option("--header", "-H", help="'Name: value'; several times.")] = None,
    release: Annotated[int | None, typer.Option("--release", min=1, help="A release in place of the draft.")] = None,
) -> None:
    """Answer one request with the draft, on your account; nothing is published.  Ends with 1 where that is refused."""
    wish: dict[str, Any] = {"method": method, "path": path, "query": query}
    wish["headers"] = dict(map(read_header, header or ()))
    if body:
        wish["body"] = _body(read_text(body, "--body"), wish["headers"])
    if release is not None:
        wish["release"] = release
    with Reaching.of(where) as api:
        found = api.ask("POST", f"/services/{named(service)}/try", wish)
    if where.as_json:
        print_json(found)
    else:
        print(f"{found['status']} in {found['latency_ms']} ms{_cost(found['headers'])}", file=sys.stderr)
        for line in found["body"].splitlines():
            print(harmless(line))
        if found["cut"]:
            print("tollbridge: the answer is longer; only its first part is shown", file=sys.stderr)
    if found["status"] >= _FAILED:
        raise typer.Exit(1)


def ask_for_proof(api: Asking, service: str, number: int) -> Mapping[str, Any]:
    """Have a release tried; gives what came of it."""
    found: Mapping[str, Any] = api.ask("POST", f"/services/{named(service)}/releases/{number}/prove")
    return found


def print_proof(found: Mapping[str, Any]) -> None:
    """Print what is wrong, and how the cases fared."""
    rows = [["" if one["warning"] else "NO", one["field"], one["message"]] for one in found["problems"]]
    print_table("Problems", ("", "where", "what"), rows, empty="Nothing is wrong.")
    if found["evaluation"]["cases_total"]:
        print(harmless(said(found["evaluation"])))


def said(evaluation: Mapping[str, Any]) -> str:
    """Say in a line how a trial went."""
    cost = evaluation["cost_per_case_usd"]
    times = f"half within {evaluation['latency_p50_ms']} ms, 95% within {evaluation['latency_p95_ms']} ms"
    return (
        f"{evaluation['cases_passed']} of {evaluation['cases_total']} cases passed, "
        f"{'at an unknown cost' if cost is None else f'{cost} USD each'}, {times}"
    )


def compared(figures: Mapping[str, Any]) -> Iterator[str]:
    """Say line by line what models cost and what trials gave, before and after; nothing where nobody knows."""
    before, after = figures["before"], figures["after"]
    if before["models"] != after["models"]:
        for sign, side in (("-", before), ("+", after)):
            yield from (f"{sign} model {_priced(one)}" for one in side["models"])
    for sign, side in (("-", before), ("+", after)):
        if side["evaluation"] is not None:
            yield f"{sign} tests: {said(side['evaluation'])}"
    if figures["cost_per_case_usd"] is not None:
        yield f"  a case costs {_signed(figures['cost_per_case_usd'])} USD"
    yield from (f"  passes now: {name}" for name in figures["passing"])
    yield from (f"! fails now: {name}" for name in figures["failing"])


def _priced(one: Mapping[str, Any]) -> str:
    if one["input_usd"] is None:
        return f"{one['model']}, at an unknown price"
    return f"{one['model']}: {one['input_usd']} in, {one['output_usd']} out, USD per million tokens"


def _signed(usd: str) -> str:
    return usd if usd.startswith("-") else f"+{usd}"


def _row(one: Mapping[str, Any]) -> Sequence[str]:
    cases = f"{one['cases_passed']}/{one['cases_total']}"
    times = [str(one[name]) if one[name] is not None else "-" for name in ("latency_p50_ms", "latency_p95_ms")]
    shown = [str(one["number"]), when_said(one["at"]), one["by"], "yes" if one["passed"] else "NO", cases]
    return [*shown, one["cost_per_case_usd"] or "-", *times, " ".join(one["models"])]


def _body(text: str, headers: Mapping[str, str]) -> Any:
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "application/json")
    return read_json(text, "--body") if "json" in kind else text


def _cost(headers: Mapping[str, str]) -> str:
    cost = headers.get("x-tollbridge-cost-usd")
    return "" if cost is None else f", {cost} USD"
