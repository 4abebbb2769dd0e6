"""`tollbridge explain`: what would become of a call, and why."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tollbridge.cli.output import harmless, print_json, print_table
from tollbridge_admin.commands.reaching import Reaching, Where, placed
from tollbridge_admin.commands.requests import read_header, read_request, read_text, without_credentials

_MARKS = {"passes": "ok", "refuses": "NO", "not_reached": "-", "not_asked": "?"}
_UNTOLD = {"not_reached": "not reached", "not_asked": "not asked: it does not say that it can be"}
_SHOWN = ("limit", "concurrency", "budget", "estimate", "network")
"""Kinds of rules whose numbers say more than their text."""


@placed
def explain(
    where: Where,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="TOKEN", help="The id of a token, me, or where its secret is: @FILE, - for standard input."
        ),
    ],
    request: Annotated[
        str,
        typer.Argument(
            metavar="REQUEST",
            help="A model; 'POST /v1/chat/completions'; a curl command; @FILE with JSON; or the id of a call, req_...",
        ),
    ],
    *,
    body: Annotated[str, typer.Option(help="What is sent: the text, @FILE, or - for standard input.")] = "",
    header: Annotated[list[str] | None, typer.Option("--header", "-H", help="'Name: value'; several times.")] = None,
    client: Annotated[str, typer.Option("--from", help="The address it comes from.")] = "",
) -> None:
    """Say what would become of a call and why, layer by layer, without making it.

    Limits are counted by the gateway that serves: ask it with --url where they matter. Ends with 1 where the call would
    be refused.
    """
    if [subject, body, where.token].count("-") > 1:
        raise typer.BadParameter("standard input is read once; name a file for the others")
    wish = {**read_request(request), **_subject(subject)}
    if body:
        wish["body"] = read_text(body, "--body")
    if header:
        wish["headers"] = {**wish.get("headers", {}), **without_credentials(dict(map(read_header, header)))}
    if client:
        wish["from"] = client
    with Reaching.of(where) as api:
        told = api.ask("POST", "/explain", wish)
    if where.as_json:
        print_json(told)
    else:
        _print(told)
    if not told["crosses"]:
        raise typer.Exit(1)


def _subject(said: str) -> Mapping[str, str]:
    if said == "-" or said.startswith("@"):
        return {"secret": read_text(said, "TOKEN").strip()}
    if said.startswith("tb_"):
        raise typer.BadParameter(
            "a secret is not written into a command, where others see it: give it by @FILE or -", param_hint="TOKEN"
        )
    return {"token": said}


def _print(told: Mapping[str, Any]) -> None:
    refusal, recorded = told["refusal"], told["recorded"]
    if recorded is not None:
        how = f"{recorded['outcome']}, {recorded['status']} {recorded['error'] or ''}".rstrip()
        _say(f"{recorded['id']} of {recorded['at']} ended so: {how}; the same now:")
    what = f"{told['method']} {told['path']} of {told['token'] or 'an unknown token'}"
    if refusal is None:
        _say(f"{what} crosses{', as far as all were asked' if told['unsure'] else ''}")
    else:
        _say(f"{what} is refused by {refusal['layer']}: {refusal['status']} {refusal['code']}")
        _say(f"  {refusal['message']}")
        if refusal["change"] not in ("", refusal["message"]):
            _say(f"  to change: {refusal['change']}")
    print()
    rows = [[_MARKS[each["decided"]], each["layer"], _why(each)] for each in told["layers"]]
    print_table("Layers, outside in", ("", "layer", "why"), rows, empty="")
    for note in told["notes"]:
        _say(f"note: {note}")


def _say(line: str) -> None:
    print(harmless(line))


def _why(finding: Mapping[str, Any]) -> str:
    rules = finding["rules"]
    failing = [rule for rule in rules if rule["holds"] is False]
    told = failing if finding["decided"] == "refuses" and failing else rules
    return "; ".join(map(_told, told)) or _UNTOLD.get(finding["decided"], "")


def _told(rule: Mapping[str, Any]) -> str:
    numbers: Sequence[str] = ()
    if rule["kind"] in _SHOWN:
        numbers = [f"{name.replace('_', ' ')} {value}" for name, value in rule["values"].items() if value is not None]
    more = [*([f"of {rule['of']}"] if rule["of"] not in ("", "bridge") else []), *numbers]
    return f"{rule['says']} ({', '.join(more)})" if more else str(rule["says"])
