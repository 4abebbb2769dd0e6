"""`tollbridge token import`: tokens of another system, by the hashes it kept."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tollbridge.cli.output import ConfigOption, JsonOption, print_json
from tollbridge.cli.tokenwords import read_budget, read_conditions, read_expiry, with_tokens
from tollbridge.clock import SystemClock
from tollbridge.errors import BadRequest
from tollbridge.tokens.scopes import EVERY_MODEL

app = typer.Typer()
"""Commands that stand beside those of `tokens`."""

_TEXTS = ("name", "hash", "owner", "team", "expires", "budget", "hours")
_LISTS = ("scopes", "from", "tags")
_NUMBERS = ("requests_per_minute", "tokens_per_minute", "concurrency", "rotate_days")
_KNOWN = (*_TEXTS, *_LISTS, *_NUMBERS, "metadata")


@app.command("import")
def bring(
    file: Annotated[Path, typer.Argument(help="One JSON object a line; - for standard input.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make tokens whose secrets another system made, known by the hashes it kept: callers go on as they are.

    A line names `name` and `hash`, and whatever `token create` takes. Lines that were imported before are passed over.
    """
    text = sys.stdin.read() if str(file) == "-" else _read(file)
    now = SystemClock().now()
    wishes = list(_wishes(text, now))

    async def work(offline: Any) -> Any:
        made, there = [], 0
        for number, wish in wishes:
            try:
                made.append((await offline.tokens.issue(**wish, by=offline.actor)).token.id)
            except BadRequest as exc:
                if exc.code != "already_exists":
                    raise BadRequest(f"line {number}: {exc.message}", param=exc.param) from exc
                there += 1
        return made, there

    made, there = with_tokens(config, work)
    if as_json:
        print_json({"imported": made, "known_before": there})
        return
    print(f"imported: {len(made)}, known before: {there}")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise typer.BadParameter(f"{file} cannot be read: {exc}") from None


def _wishes(text: str, now: datetime) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read every line before the first token is made; raises a usage error that names the line."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, _wish(line, now)
            except (ValueError, typer.BadParameter) as exc:
                raise typer.BadParameter(f"line {number}: {exc}") from None


def _wish(line: str, now: datetime) -> dict[str, Any]:
    from tollbridge.tokens.model import TokenLimits  # brings msgspec

    said = json.loads(line)
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")
    for key in said.keys() - set(_KNOWN):
        raise ValueError(f"{key!r} is unknown; known: {', '.join(_KNOWN)}")
    _check(said)
    limits = TokenLimits(*(said.get(name) for name in _NUMBERS[:3]))
    return {
        "name": said["name"],
        "known_as": said["hash"],
        "scopes": said.get("scopes") or EVERY_MODEL,
        "owner": said.get("owner", ""),
        "team": said.get("team", ""),
        "expires_at": read_expiry(said["expires"], now) if said.get("expires") else None,
        "budget": read_budget(said["budget"]) if said.get("budget") else None,
        "limits": limits,
        "conditions": read_conditions(said.get("from", ()), said.get("hours", "")),
        "tags": said.get("tags", ()),
        "metadata": said.get("metadata", {}),
        "rotate_days": said.get("rotate_days"),
    }


def _check(said: dict[str, Any]) -> None:
    """Refuse members that are missing, or of another type; raises `ValueError`."""
    for name in ("name", "hash"):
        if not said.get(name):
            raise ValueError(f"{name} is missing")
    for names, kind, fits in _KINDS:
        for name in names:
            if name in said and not fits(said[name]):
                raise ValueError(f"{name} must be {kind}")


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_metadata(value: object) -> bool:
    return isinstance(value, dict) and _is_texts(list(value.values()))


_KINDS: tuple[tuple[Sequence[str], str, Callable[[object], bool]], ...] = (
    (_TEXTS, "a text", lambda value: isinstance(value, str)),
    (_LISTS, "a list of texts", _is_texts),
    (_NUMBERS, "a whole number", lambda value: type(value) is int and value >= 0),
    (("metadata",), "an object of texts", _is_metadata),
)
