"""`tollbridge audit ...`: who changed what, and whether that is still what was recorded."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tollbridge.cli.auditways import the_log
from tollbridge.cli.output import print_json, print_table, when
from tollbridge.cli.places import Where, placed

app = typer.Typer(help="Read the audit log, and verify it.", no_args_is_help=True)

_COLUMNS = ("number", "when, UTC", "who", "action", "target")
_ZONE, _GAP = " UTC", 2
_WIDE = 120
"""Letters of a line of the table."""
_ID = 19
"""Letters of an id."""


@app.command("list")
@placed
def list_records(
    where: Where,
    actor: Annotated[str, typer.Option(help="Only what this token or person did.")] = "",
    action: Annotated[str, typer.Option(help="Only actions that begin so, such as token.revoke or token.")] = "",
    target: Annotated[str, typer.Option(help="Only what was done to this id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    before: Annotated[int | None, typer.Option(min=1, help="Go on below this number.")] = None,
) -> None:
    """List records in short, newest first; `--json` has all.  A gateway elsewhere records that they were read."""
    wanted = {"actor": actor, "action": action, "target": target}
    with the_log(where) as log:
        found = log.list(limit, before, wanted)
    if where.as_json:
        print_json(found)
        return
    print_table("Audit log", (*_COLUMNS, "what"), _rows(found), empty="Nothing was recorded.")


def _rows(records: Sequence[Mapping[str, Any]]) -> Sequence[Sequence[str]]:
    """Give a row for each record, as wide as a screen: what changed has what the other columns leave."""
    rows = [
        [
            str(one["number"]),
            when(one["at"]).removesuffix(_ZONE),
            _short(one["actor"]),
            one["action"],
            _short(one["target"]),
        ]
        for one in records
    ]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=False)]
    room = _WIDE - sum(widths) - _GAP * len(widths)
    said = (_what(one["before"] or {}, one["after"] or {}) for one in records)
    return [[*row, _cut(text, room)] for row, text in zip(rows, said, strict=True)]


def _short(id: str) -> str:
    """Leave out the middle of a long id: ids of one hour begin alike."""
    return id if len(id) <= _ID else f"{id[:10]}…{id[-8:]}"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _what(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say in short what is other than it was, what is new, and what was there; its name first."""
    names = [
        name for name in dict.fromkeys((*after, *before)) if (before.get(name) or None) != (after.get(name) or None)
    ]
    return ", ".join(_change(name, before, after) for name in sorted(names, key=lambda name: name != "name"))


def _change(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if name not in before:
        return f"{name}: {_said(after[name])}"
    if name not in after:
        return f"{name} was {_said(before[name])}"
    return f"{name}: {_said(before[name])} -> {_said(after[name])}"


def _said(value: Any) -> str:
    """Say a value; `-` for none."""
    if value in (None, "", [], {}):
        return "-"
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@app.command("verify")
@placed
def verify(
    where: Where,
    head: Annotated[
        str, typer.Option(help="NUMBER:DIGEST as an earlier run printed it; the log must still have that record.")
    ] = "",
) -> None:
    """Show whether a record was altered, taken out or put in; its last line is the head to keep elsewhere.

    Without `--head` it is not seen where the last records were taken away. A gateway elsewhere verifies its log itself,
    for the key never leaves it: on its own machine you need not take its word.
    """
    noted, colon, _ = head.partition(":")
    if head and not (colon and noted.isdecimal()):
        raise typer.BadParameter(f"{head!r} is no head: NUMBER:DIGEST, as verify prints it", param_hint="--head")
    with the_log(where) as log:
        verified = log.verify(head)
    number, last, problems = verified.number, verified.digest, [*verified.breaks]
    if not verified.known:
        problems.append({"number": int(noted), "why": "the record that was noted as the head is not there"})
    if where.as_json:
        print_json({"records": number, "head": f"{number}:{last}", "breaks": problems})
    else:
        for problem in problems:
            print(f"tollbridge: record {problem['number']}: {problem['why']}", file=sys.stderr)
        print(f"{number} records, {f'{len(problems)} broken' if problems else 'whole'}\n{number}:{last}")
    if problems:
        raise typer.Exit(1)
