"""`tollbridge api`: any request to the admin API."""

import re
from typing import Annotated, Any

import typer

from tollbridge.cli.output import ConfigOption, TokenOption, UrlOption, print_json
from tollbridge_admin.commands.reaching import Reaching
from tollbridge_admin.commands.requests import read_header, read_json, read_text

_METHOD = re.compile("[A-Z]{1,20}")


def api(
    method: Annotated[str, typer.Argument(help="GET, POST, PATCH or another.")],
    path: Annotated[str, typer.Argument(help="Below api/v1, such as /tokens.")],
    field: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Of the query of a GET, else of the body. KEY:=VALUE is JSON."),
    ] = None,
    *,
    body: Annotated[str, typer.Option(help="The body: JSON, @FILE, or - for standard input.")] = "",
    header: Annotated[list[str] | None, typer.Option("--header", "-H", help="'Name: value'; several times.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Follow a list to its end, and print its items.")] = False,
    config: ConfigOption = None,
    url: UrlOption = "",
    token: TokenOption = "",
) -> None:
    """Make a request to the admin API and print its JSON: tollbridge api GET /tokens state=active.

    What there is: tollbridge api GET /openapi.json.
    """
    method, fields = method.upper(), dict(map(_field, field or ()))
    if not _METHOD.fullmatch(method):
        raise typer.BadParameter("it is GET, POST, PATCH or another", param_hint="METHOD")
    if "?" in path:
        raise typer.BadParameter("what stands behind the ? is given as KEY=VALUE", param_hint="PATH")
    if every and method != "GET":
        raise typer.BadParameter("a list is read by GET", param_hint="--all")
    if body and (fields or method == "GET"):
        raise typer.BadParameter("fields are the body already, or it is a GET", param_hint="--body")
    said = read_json(read_text(body, "--body"), "--body") if body else None
    headers = dict(map(read_header, header or ()))
    place = f"/{path.lstrip('/')}"
    with Reaching(config, url, token) as asking:
        if every:
            print_json(list(asking.items(place, fields)))
            return
        if method == "GET":
            found = asking.ask(method, place, query=fields, headers=headers)
        else:
            found = asking.ask(method, place, fields or said, headers=headers)
    if found is not None:
        print_json(found)


def _field(said: str) -> tuple[str, Any]:
    """Read `KEY=VALUE`, a text, or `KEY:=VALUE`, JSON."""
    key, equals, value = said.partition("=")
    if not equals or not key.rstrip(":"):
        raise typer.BadParameter(f"{said[:60]!r} is no KEY=VALUE", param_hint="KEY=VALUE")
    return (key[:-1], read_json(value, key)) if key.endswith(":") else (key, value)
