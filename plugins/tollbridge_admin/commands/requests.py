"""How requests are written on a command line: a model, a method and a path, a curl command, a file, a call's id.

Credentials in them are left out: nobody needs them, and they would be sent to wherever the gateway is.
"""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer

_LINE = re.compile(r"([A-Z]{1,20}) +(/\S*)")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SECRET = frozenset(("authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "proxy-authorization"))
_SECRET_FIELDS = frozenset(("key", "api_key", "apikey", "api-key", "access_token", "token"))
"""Of a query, as the gateway looks for them; that they are there is told, for a call is refused for that."""
_FIELDS = ("method", "path", "headers", "body", "model", "from", "call")
_WITH_VALUE = {
    **dict.fromkeys(("-X", "--request"), "method"),
    **dict.fromkeys(("-H", "--header"), "header"),
    **dict.fromkeys(("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json"), "body"),
    "--url": "url",
    **dict.fromkeys(("-o", "--output", "-u", "--user", "-b", "--cookie", "-m", "--max-time", "-A", "--user-agent"), ""),
}
"""Options of curl that take a value, and what it is here; empty where it does not matter."""


def read_request(said: str) -> dict[str, Any]:
    """Give what a command says of a request, in the words of the API; raises a usage error."""
    found = _read(said)
    path = found.get("path")
    return {**found, "path": _without_secrets(path)} if isinstance(path, str) else found


def without_credentials(headers: dict[str, str]) -> dict[str, str]:
    """Leave out headers that show who somebody is."""
    return {name: value for name, value in headers.items() if name.lower() not in _SECRET}


def _without_secrets(path: str) -> str:
    place, mark, query = path.partition("?")
    return f"{place}{mark}{'&'.join(map(_without_value, query.split('&')))}"


def _without_value(part: str) -> str:
    name, equals, value = part.partition("=")
    if name.lower() not in _SECRET_FIELDS:
        return part
    return f"{name}{equals}tb_" if value.startswith("tb_") else f"{name}{equals}"


def _read(said: str) -> dict[str, Any]:
    line = _LINE.fullmatch(said.strip())
    if line is not None:
        return {"method": line[1], "path": line[2]}
    if said.startswith(("curl ", "curl\n", "curl\t")):
        return _of_curl(said)
    if said.startswith("@"):
        return _of_file(read_text(said, "REQUEST"))
    if said.startswith("req_"):
        return {"call": said}
    if said.startswith("/"):
        return {"method": "GET", "path": said}
    if not said or " " in said:
        raise typer.BadParameter(
            f"{said[:60]!r} is no model, no 'POST /path' and no curl command", param_hint="REQUEST"
        )
    return {"model": said}


def read_text(said: str, where: str) -> str:
    """Give the text that is meant: `@FILE`, `-` for standard input, or what is said; raises a usage error."""
    if said == "-":
        return sys.stdin.read()
    if not said.startswith("@"):
        return said
    try:
        return Path(said[1:]).read_text("utf-8")
    except (OSError, ValueError):
        raise typer.BadParameter(f"the file {said[1:]} cannot be read as text", param_hint=where) from None


def read_json(text: str, where: str) -> Any:
    """Read JSON; raises a usage error."""
    try:
        return json.loads(text)
    except ValueError:
        raise typer.BadParameter("it is no JSON", param_hint=where) from None


def read_header(said: str) -> tuple[str, str]:
    """Read `Name: value`; raises a usage error, which holds nothing of the value."""
    name, colon, value = said.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not _HEADER.fullmatch(name):
        raise typer.BadParameter("a header is written 'Name: value'", param_hint="--header")
    if not value.isascii() or not value.isprintable():
        raise typer.BadParameter(f"the value of {name} is no text that a header can hold", param_hint="--header")
    return name, value


def _of_file(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise typer.BadParameter("the file of REQUEST holds no JSON", param_hint="REQUEST") from None
    fits = isinstance(found, dict) and set(found) <= set(_FIELDS)
    if not fits or not isinstance(found.get("headers", {}), dict):
        raise typer.BadParameter(f"the file of REQUEST is an object of {', '.join(_FIELDS)}", param_hint="REQUEST")
    body = found.get("body", "")
    headers = without_credentials(found.get("headers", {}))
    shown = {"headers": headers} if headers else {}
    sent = {"body": body if isinstance(body, str) else json.dumps(body)} if body else {}
    return {**{name: value for name, value in found.items() if name not in ("headers", "body")}, **shown, **sent}


def _of_curl(said: str) -> dict[str, Any]:
    try:
        words = shlex.split(said.replace("\\\n", " "))[1:]
    except ValueError as exc:
        raise typer.BadParameter(f"the curl command cannot be read: {exc}", param_hint="REQUEST") from None
    headers: dict[str, str] = {}
    found: dict[str, str] = {}
    for what, value in _options(words):
        if what == "header":
            name, _, text = value.partition(":")
            headers[name.strip()] = text.strip()
        elif what == "body" and "body" in found:
            found["body"] += f"&{value}"
        elif what:
            found[what] = read_text(value, "REQUEST") if what == "body" else value
    headers = without_credentials(headers)
    url = urlsplit(found.pop("url", ""))
    if not url.path:
        raise typer.BadParameter("the curl command names no URL with a path", param_hint="REQUEST")
    request: dict[str, Any] = {
        "method": found.pop("method", "POST" if "body" in found else "GET"),
        "path": f"{url.path}?{url.query}" if url.query else url.path,
        **found,
    }
    return {**request, "headers": headers} if headers else request


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Give what each word of a curl command is; flags without a value are passed over."""
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word in _WITH_VALUE:
            yield _WITH_VALUE[word], next(rest, "")
        elif equals and name in _WITH_VALUE:
            yield _WITH_VALUE[name], value
        elif word[:2] in _WITH_VALUE and not word.startswith("--") and len(word) > 2:
            yield _WITH_VALUE[word[:2]], word[2:]
        elif not word.startswith("-"):
            yield "url", word
