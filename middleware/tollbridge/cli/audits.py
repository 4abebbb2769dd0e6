"""`tollbridge audit ...`: who changed what, and whether that is still what was recorded."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tollbridge.cli.output import ConfigOption, JsonOption, print_json, print_table, when
from tollbridge.cli.tokenwords import with_tokens

if TYPE_CHECKING:
    from tollbridge.audit import AuditRecord

app = typer.Typer(help="Read the audit log, and verify it.", no_args_is_help=True)

_PAGE = 500


def shown(record: "AuditRecord") -> dict[str, object]:
    """Give a record as `--json` shows it."""
    return {
        "number": record.number,
        "at": _at(record),
        "actor": record.actor.id,
        "via": record.actor.via,
        "client": record.actor.client or None,
        "call_id": record.actor.call_id or None,
        "action": record.action,
        "target": record.target,
        "before": json.loads(record.before),
        "after": json.loads(record.after),
        "digest": record.digest.hex(),
    }


@app.command("list")
def list_records(
    actor: Annotated[str, typer.Option(help="Only what this token or person did.")] = "",
    action: Annotated[str, typer.Option(help="Only actions that begin so, such as token.revoke or token.")] = "",
    target: Annotated[str, typer.Option(help="Only what was done to this id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    before: Annotated[int | None, typer.Option(min=1, help="Go on below this number.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List records, newest first."""

    async def work(offline: Any) -> Any:
        return await offline.store.list_audit(limit=limit, before=before, actor=actor, action=action, target=target)

    found: Sequence[AuditRecord] = with_tokens(config, work)
    if as_json:
        print_json([shown(record) for record in found])
        return
    rows = [
        [str(one.number), when(_at(one)), one.actor.id, one.actor.via, one.action, one.target, one.after]
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
    as_json: JsonOption = False,
) -> None:
    """Show whether a record was altered, taken out or put in; its last line is the head to keep elsewhere.

    Without `--head` it is not seen where the last records were taken away.
    """
    noted, colon, _ = head.partition(":")
    if head and not (colon and noted.isdecimal()):
        raise typer.BadParameter(f"{head!r} is no head: NUMBER:DIGEST, as verify prints it", param_hint="--head")

    async def work(offline: Any) -> Any:
        from tollbridge.audit import FIRST, breaks  # brings msgspec

        key, last, number = await offline.audit_key(), FIRST, 0
        found: list[Any] = []
        known = not head
        while page := await offline.store.follow_audit(number, limit=_PAGE):
            found += breaks(page, key, after=last, number=number)
            known = known or any(f"{one.number}:{one.digest.hex()}" == head for one in page)
            number, last = page[-1].number, page[-1].digest
        return found, known, number, last.hex()

    found, known, number, last = with_tokens(config, work)
    problems = [{"number": each.number, "why": each.why} for each in found]
    if not known:
        problems.append({"number": int(noted), "why": "the record that was noted as the head is not there"})
    if as_json:
        print_json({"records": number, "head": f"{number}:{last}", "breaks": problems})
    else:
        for problem in problems:
            print(f"tollbridge: record {problem['number']}: {problem['why']}", file=sys.stderr)
        print(f"{number} records, {f'{len(problems)} broken' if problems else 'whole'}\n{number}:{last}")
    if problems:
        raise typer.Exit(1)


def _at(record: "AuditRecord") -> datetime:
    return datetime.fromtimestamp(record.at_us / 1_000_000, UTC)
