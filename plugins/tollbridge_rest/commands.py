"""`tollbridge openapi-draft`: an OpenAPI document as a service to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from tollbridge.cli.output import print_json

_SOURCE = "FILE-OR-URL"


def openapi_draft(
    source: Annotated[str, typer.Argument(metavar=_SOURCE, help="The document: a file, or an https:// URL.")],
    upstream: Annotated[str, typer.Option(help="Where calls go, in place of the document's first server.")] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A new file; without it, it is printed.")] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="The URL may lead to a private address, there without TLS too.")
    ] = False,
) -> None:
    """Write a service of the kind rest with each operation of an OpenAPI document, as a file for --file.

    A URL is fetched from here, once, and no redirect is followed. What of the document is not used is told.
    """
    from tollbridge_rest.bringing import bring, write
    from tollbridge_rest.documents import BadDocument, read_document
    from tollbridge_rest.drafting import draft_of

    if out is not None and (out.exists() or not out.parent.is_dir()):
        raise typer.BadParameter(f"{out} must be a new file in a folder that is there", param_hint="--out")
    url = source if "://" in source else ""
    content = bring(source, allow_private=allow_private)
    try:
        drafted = draft_of(read_document(content), upstream=upstream, source=url)
    except BadDocument as exc:
        where = f"{exc.param}: " if exc.param else ""
        raise typer.BadParameter(f"{where}{exc.message}", param_hint=_SOURCE) from None
    if out is None:
        print_json(drafted.design)
    else:
        write(drafted.design, out)
    for sentence in drafted.told:
        typer.echo(sentence, err=True)
    typer.echo(f"{drafted.operations} operations can be called", err=True)
