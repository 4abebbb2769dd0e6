"""`tollbridge audit ...`: who changed what, and whether that is still what was recorded."""

import json
import sys
from typing import Annotated, Any

import typer

from tollbridge.cli.auditways import the_log
from tollbridge.cli.output import ConfigOption, JsonOption, TokenOption, UrlOption, print_json, print_table, when

app = typer.Typer(help="Read the audit log, and verify it.", no_args_is_help=True)

_COMPACT: dict[str, Any] = {"separators": (",", ":"), "ensure_ascii": False}


@app.command("list")
def list_records(
    actor: Annotated[str, typer.Option(help="Only what this token or person did.")] = "",
    action: Annotated[str, typer.Option(help="Only actions that begin so, such as token.revoke or token.")] = "",
    target: Annotated[str, typer.Option(help="Only what was done to this id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    before: Annotated[int | None, typer.Option(min=1, help="Go on below this number.")] = None,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """List records, newest first.  A gateway elsewhere records that they were read."""
    wanted = {"actor": actor, "action": action, "target": target}
    with the_log(config, url, token) as log:
        found = log.list(limit, before, wanted)
    if as_json:
        print_json(found)
        return
    words = ("actor", "via", "action", "target")
    rows = [
        [str(one["number"]), when(one["at"]), *(one[word] for word in words), json.dumps(one["after"], **_COMPACT)]
        for one in found
    ]
    columns = ("number", "when", "who", "via", "action", "target", "what")
    print_table("Audit log", columns, rows, empty="Nothing was recorded.")


@app.command("verify")
def verify(
    head: Annotated[
        str, typer.Option(help="NUMBER:DIGEST as an earlier run printed it; the log must still have that record.")
    ] = "",
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show whether a record was altered, taken out or put in; its last line is the head to keep elsewhere.

    Without `--head` it is not seen where the last records were taken away. A gateway elsewhere verifies its log itself,
    for the key never leaves it: on its own machine you need not take its word.
    """
    noted, colon, _ = head.partition(":")
    if head and not (colon and noted.isdecimal()):
        raise typer.BadParameter(f"{head!r} is no head: NUMBER:DIGEST, as verify prints it", param_hint="--head")
    with the_log(config, url, token) as log:
        verified = log.verify(head)
    number, last, problems = verified.number, verified.digest, [*verified.breaks]
    if not verified.known:
        problems.append({"number": int(noted), "why": "the record that was noted as the head is not there"})
    if as_json:
        print_json({"records": number, "head": f"{number}:{last}", "breaks": problems})
    else:
        for problem in problems:
            print(f"tollbridge: record {problem['number']}: {problem['why']}", file=sys.stderr)
        print(f"{number} records, {f'{len(problems)} broken' if problems else 'whole'}\n{number}:{last}")
    if problems:
        raise typer.Exit(1)
