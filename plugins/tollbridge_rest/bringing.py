"""A document brought from a file or a URL, and a draft written to a file: what the command does outside itself."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import typer

from tollbridge.administering import MOST_DESIGN
from tollbridge.transport import Timeouts, make_transport
from tollbridge_rest.documents import fetch_document, to_json, to_yaml
from tollbridge_rest.documents.bounds import MAX_BYTES

_YAML = frozenset((".yaml", ".yml"))


def bring(source: str, *, allow_private: bool = False) -> bytes:
    """Give the bytes of a document; raises `BadRequest` for a URL, a usage error for a file that cannot be read."""
    if "://" in source:
        return asyncio.run(_fetched(source, private=allow_private))
    try:
        with Path(source).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as exc:
        raise typer.BadParameter(f"{source} cannot be read: {exc.strerror}", param_hint="FILE-OR-URL") from None


def write(design: Mapping[str, Any], out: Path) -> None:
    """Write a design to a new file, YAML by the end of its name, else JSON, of a large one without spaces."""
    if out.suffix.lower() in _YAML:
        text = to_yaml(design)
    else:
        plain = to_json(design)
        text = msgspec.json.format(plain, indent=2) + b"\n"
        text = text if len(text) <= MOST_DESIGN else plain
    try:
        with out.open("xb") as opened:
            opened.write(text)
    except OSError as exc:
        raise typer.BadParameter(f"{out} cannot be written: {exc.strerror}", param_hint="--out") from None


async def _fetched(url: str, *, private: bool) -> bytes:
    transport = make_transport("http1", Timeouts())
    try:
        return await fetch_document(transport, url, private=private)
    finally:
        await transport.close()
