"""`tollbridge token import`: tokens of another system, by the hashes it kept."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tollbridge import EVERY_MODEL
from tollbridge.cli.asking import Asking, Refused
from tollbridge.cli.output import print_json
from tollbridge_admin.commands.reaching import Reaching, Where, placed
from tollbridge_admin.commands.spans import ends
from tollbridge_admin.commands.words import money

_MOST, _LARGEST = 200, 60_000
"""Tokens, and bytes of them, in one request."""
_WHICH = re.compile(r"tokens\[(\d+)\](?:\.|: )?")

_TEXTS = ("name", "hash", "owner", "team", "expires", "budget", "hours", "environment")
_LISTS = ("scopes", "from", "tags")
_NUMBERS = ("requests_per_minute", "tokens_per_minute", "concurrency", "rotate_days")
_KNOWN = (*_TEXTS, *_LISTS, *_NUMBERS, "metadata", "canary")

Line = tuple[int, Mapping[str, Any]]
"""Its number, and what it wishes in the words of the API."""


@placed
def bring(
    where: Where,
    file: Annotated[Path, typer.Argument(help="One JSON object a line; - for standard input.")],
) -> None:
    """Make tokens whose secrets another system made, known by the hashes it kept: callers go on as they are.

    A line names `name` and `hash`, and whatever `token create` takes. Lines that were imported before are passed over.
    Of 200 lines all are imported or none; more go in parts.
    """
    text = sys.stdin.read() if str(file) == "-" else _read(file)
    lines = list(_lines(text))
    made: list[str | None] = []
    with Reaching.of(where) as api:
        for part in _parts(lines):
            made += _sent(api, part, begun=bool(made))
    ids = [id for id in made if id is not None]
    if where.as_json:
        print_json({"imported": ids, "known_before": len(made) - len(ids)})
        return
    print(f"imported: {len(ids)}, known before: {len(made) - len(ids)}")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise typer.BadParameter(f"{file} cannot be read: {exc}") from None


def _lines(text: str) -> Iterator[Line]:
    """Read every line before anything is sent; raises a usage error that names the line."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, _wish(line)
            except (ValueError, typer.BadParameter) as exc:
                raise typer.BadParameter(f"line {number}: {exc}") from None


def _parts(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Give as many at a time as one request takes."""
    part: list[Line] = []
    size = 0
    for number, wish in lines:
        more = len(json.dumps(wish))
        if part and (len(part) == _MOST or size + more > _LARGEST):
            yield part
            part, size = [], 0
        part.append((number, wish))
        size += more
    if part:
        yield part


def _sent(api: Asking, part: Sequence[Line], *, begun: bool) -> Sequence[str | None]:
    """Have a part imported; a refusal names the line, and what stands before it and is there."""
    try:
        found: Sequence[str | None] = api.ask("POST", "/tokens/import", {"tokens": [wish for _, wish in part]})["ids"]
    except Refused as exc:
        told = _WHICH.sub(lambda which: f"line {part[int(which[1])][0]}: ", str(exc))
        more = f"; the lines before {part[0][0]} were imported: mend it, and import the file again" if begun else ""
        raise Refused(f"{told}{more}", status=exc.status, code=exc.code) from None
    return found


def _wish(line: str) -> Mapping[str, Any]:
    said = json.loads(line)
    if not _is_text(said):
        raise ValueError("it holds half of a surrogate pair, which is no text")
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")
    for key in said.keys() - set(_KNOWN):
        raise ValueError(f"{key!r} is unknown; known: {', '.join(_KNOWN)}")
    _check(said)
    told = {name: value for name, value in said.items() if name not in ("expires", "budget") and value != ""}
    budget = money(said.get("budget", ""))
    bounds = {**ends(said.get("expires", "")), **({"budget": budget} if budget else {})}
    return {**told, **bounds, "scopes": said.get("scopes") or list(EVERY_MODEL)}


def _check(said: Mapping[str, Any]) -> None:
    """Refuse members that are missing, or of another type; raises `ValueError`."""
    for name in ("name", "hash"):
        if not said.get(name):
            raise ValueError(f"{name} is missing")
    for names, kind, fits in _KINDS:
        for name in names:
            if name in said and not fits(said[name]):
                raise ValueError(f"{name} must be {kind}")


def _is_text(said: object) -> bool:
    try:
        json.dumps(said, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_metadata(value: object) -> bool:
    return isinstance(value, dict) and _is_texts(list(value.values()))


_KINDS: tuple[tuple[Sequence[str], str, Callable[[object], bool]], ...] = (
    (_TEXTS, "a text", lambda value: isinstance(value, str)),
    (_LISTS, "a list of texts", _is_texts),
    (_NUMBERS, "a whole number", lambda value: type(value) is int and value >= 0),
    (("metadata",), "an object of texts", _is_metadata),
    (("canary",), "true or false", lambda value: isinstance(value, bool)),
)
