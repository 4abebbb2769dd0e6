"""The design of a service as a file: JSON, YAML or TOML, by the end of its name."""

import json
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

LARGEST = 16 * 1024 * 1024
"""Bytes of a file."""
MOST_VALUES = 1_000_000
"""Values of a file, when each alias of YAML stands for what it names."""
FIELDS = (
    *("name", "description", "docs", "logo", "category", "tags", "contacts", "slos", "visibility", "access"),
    *("approval", "plans", "price_per_call_usd", "limits", "budget", "policies"),
    "definition",
)
"""What a design is made of."""
_OPTION = "--file"


def read_design(file: Path) -> dict[str, Any]:
    """Read a design; `-` is standard input, JSON or YAML.  Raises a usage error that says where it is wrong."""
    content = sys.stdin.buffer.read(LARGEST + 1) if str(file) == "-" else _content(file)
    if len(content) > LARGEST:
        raise typer.BadParameter(f"{file} has over {LARGEST} bytes", param_hint=_OPTION)
    try:
        text = content.decode("utf-8-sig")
        read = _READERS.get(file.suffix.lower(), _json if text.lstrip()[:1] == "{" else _yaml)
        found = json.loads(json.dumps(read(text), allow_nan=False))
    except TypeError:
        raise typer.BadParameter(f"{file}: dates and times are texts: put them in quotes", param_hint=_OPTION) from None
    except (ValueError, RecursionError) as exc:
        raise typer.BadParameter(f"{file} cannot be read: {exc}", param_hint=_OPTION) from None
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{file} holds no design: names and values, such as name: Weather", param_hint=_OPTION)
    return found


def whole(design: Mapping[str, Any]) -> dict[str, Any]:
    """Give a design as a change that leaves nothing of another one: what is not said is taken away."""
    return {**dict.fromkeys(FIELDS), **design}


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as exc:
        raise typer.BadParameter(f"{file} cannot be read: {exc.strerror}", param_hint=_OPTION) from None


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{max(names, key=names.count)[:60]!r} is there twice")
    return made


def _yaml(text: str) -> Any:
    from tollbridge.plainfiles import check_bounds
    from tollbridge.yamltext import read_yaml

    found = read_yaml(text)
    check_bounds(found, most=MOST_VALUES)
    return found


_READERS: Mapping[str, Callable[[str], Any]] = {
    **{".json": _json, ".yaml": _yaml, ".yml": _yaml, ".toml": tomllib.loads},
}
