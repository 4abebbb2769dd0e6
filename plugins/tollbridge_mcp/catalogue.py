"""The global server: what is published, how it is called, and one tool that calls any of it."""

import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from tollbridge import BadRequest, Call, Principal
from tollbridge_mcp.invoking import Invoke, Request
from tollbridge_mcp.model import Hints, Json, Tool, ToolResult, UnknownTool, failure, text_block
from tollbridge_mcp.parameters import may_be_set
from tollbridge_mcp.requests import LONGEST_TARGET, escaped, escaped_value
from tollbridge_mcp.results import result_of
from tollbridge_mcp.schemas import at_pointer
from tollbridge_mcp.sources import APIS, tool

LARGEST_DOCUMENT = 256 * 1024
"""Bytes of a document that is given whole; of a larger one there is an outline, and each path by itself."""
MOST_LISTED = 100
_MOST_OUTLINED = 2_000
_MOST_PARTS = 500
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_SET = frozenset(
    ("accept", "accept-language", "content-type", "if-match", "if-none-match", "idempotency-key", "prefer")
)


class Published(msgspec.Struct, frozen=True):
    """One service as it is listed.  `ending` says that it is to end, empty where it is not."""

    slug: str
    name: str
    kind: str = ""
    description: str = ""
    version: str = ""
    ending: str = ""


class Catalogue(Protocol):
    """What is published here."""

    async def services(self, principal: Principal) -> Sequence[Published]:
        """List the services of which a caller may call anything, by slug; raises `GatewayError`."""
        ...

    async def document(self, principal: Principal, slug: str) -> Json | None:
        """Give a service's OpenAPI document; None where there is none, or it is not the caller's to see."""
        ...


_TEXT = {"type": "string"}
_SERVICE = {"type": "string", "description": "The slug of the service, as service_list gives it."}
_READS = Hints(read_only=True, open_world=False)


def _tools() -> tuple[Tool, ...]:
    listing = tool(
        "service_list",
        "Lists the services that can be called here, with what each is for.",
        {
            "search": {"type": "string", "description": "Only services with this text in name, slug or description."},
            "after": {"type": "string", "description": "Only those behind this slug: where the last list ended."},
        },
    )
    document = tool(
        "openapi_document",
        "Gives the OpenAPI document of a service: what can be called, and how. Of a large one it gives an outline "
        "first; then ask for one path at a time.",
        {
            "service": _SERVICE,
            "path": {"type": "string", "description": "Only this path, as it stands in the document."},
        },
        ["service"],
    )
    invoke = tool(
        "invoke",
        "Calls a service. Read its openapi_document first. What it costs, and how often it may be called, is as with "
        "any other call of the service.",
        {
            "service": _SERVICE,
            "method": {"type": "string", "enum": list(_METHODS), "default": "POST"},
            "path": {"type": "string", "description": "Below the service, its parameters filled in; '' for itself."},
            "query": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "array"]}},
            "headers": {"type": "object", "additionalProperties": _TEXT},
            "body": {"description": "JSON that is sent as the body."},
        },
        ["service"],
    )
    seen = [msgspec.structs.replace(each, annotations=_READS) for each in (listing, document)]
    return (*seen, msgspec.structs.replace(invoke, annotations=Hints(read_only=False, destructive=True)))


TOOLS = _tools()


class CatalogueTools:
    """The tools of the global server.  Whoever has no scope for a service sees nothing of it."""

    def __init__(self, catalogue: Catalogue, invoke: Invoke) -> None:
        self._catalogue = catalogue
        self._invoke = invoke
        self._ways: Mapping[str, Callable[[Call, Principal, Json], Awaitable[ToolResult]]] = {
            "service_list": self._list,
            "openapi_document": self._document,
            "invoke": self._call,
        }

    async def tools(self, principal: Principal) -> Sequence[Tool]:
        """List the three."""
        return TOOLS

    async def call(self, call: Call, name: str, arguments: Json) -> ToolResult:
        """Call one of the three."""
        way, principal = self._ways.get(name), call.principal
        if way is None or principal is None:
            raise UnknownTool(name)
        try:
            _check(name, arguments)
            return await way(call, principal, arguments)
        except BadRequest as exc:
            return failure(exc.message)

    async def _list(self, call: Call, principal: Principal, arguments: Json) -> ToolResult:
        wanted, after = _text(arguments, "search").casefold(), _text(arguments, "after")
        found = [
            each
            for each in await self._catalogue.services(principal)
            if each.slug > after and wanted in f"{each.slug}\n{each.name}\n{each.description}".casefold()
        ]
        shown = [_shown(each) for each in found[:MOST_LISTED]]
        more = {"more_after": found[MOST_LISTED - 1].slug} if len(found) > MOST_LISTED else {}
        return _given({"services": shown, **more})

    async def _document(self, call: Call, principal: Principal, arguments: Json) -> ToolResult:
        slug = _slug(arguments)
        document = await self._catalogue.document(principal, slug)
        if document is None:
            return failure(f"there is no service {slug!r} for you; service_list gives those that there are")
        if "path" in arguments:
            path = _text(arguments, "path")
            cut = only(document, path)
            return _given(cut) if cut is not None else failure(f"the service {slug!r} has no path {path[:200]!r}")
        if len(msgspec.json.encode(document)) > LARGEST_DOCUMENT:
            return _given(outline(document))
        return _given(document)

    async def _call(self, call: Call, principal: Principal, arguments: Json) -> ToolResult:
        return result_of(await self._invoke(call, request_to(arguments)))


def _shown(one: Published) -> Json:
    said: dict[str, Any] = msgspec.to_builtins(one)
    if not one.ending:
        del said["ending"]
    return said


def request_to(arguments: Json) -> Request:
    """Write the request that `invoke` is asked for; raises `BadRequest`."""
    slug, method, path = _slug(arguments), _text(arguments, "method") or "POST", _text(arguments, "path")
    if method not in _METHODS:
        raise BadRequest(f"the method is one of {', '.join(_METHODS)}", param="method")
    _check_path(path)
    query = _query(arguments.get("query"))
    headers = _headers(arguments.get("headers"))
    body = b"" if arguments.get("body") is None else msgspec.json.encode(arguments["body"])
    named = {name for name, _ in headers}
    if body and b"content-type" not in named:
        headers.append((b"content-type", b"application/json"))
    if b"accept" not in named:
        headers.append((b"accept", b"application/json, */*;q=0.5"))
    target = escaped("" if path == "/" else path)
    if len(target) + len(query) > LONGEST_TARGET:
        raise BadRequest(f"path and query are over {LONGEST_TARGET} bytes", param="path")
    return Request(method, f"{APIS}{slug}{target}", query, tuple(headers), body)


def outline(document: Json) -> Json:
    """Give a document's operations, each in a line; its `info` stays."""
    lines = list[str]()
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        for method, node in item.items() if isinstance(item, Mapping) else ():
            if str(method).upper() in _METHODS and isinstance(node, Mapping) and len(lines) < _MOST_OUTLINED:
                lines.append(
                    f"{str(method).upper()} {str(path)[:200]}  {str(node.get('summary') or '')[:100]}".rstrip()
                )
    title = document.get("info")
    return {"info": title if len(msgspec.json.encode(title)) < 10_000 else {}, "operations": lines}


def only(document: Json, path: str) -> Json | None:
    """Give a document with one of its paths and what that refers to, None where it has no such path."""
    paths = document.get("paths")
    item = paths.get(path) if isinstance(paths, Mapping) else None
    if item is None:
        return None
    found: dict[str, Any] = {name: document[name] for name in ("openapi", "info") if name in document}
    found["paths"] = {path: item}
    waiting, seen = deque(_references(item)), set[str]()
    while waiting and len(seen) < _MOST_PARTS:
        reference = waiting.popleft()
        steps = reference.split("/")
        if reference in seen or len(steps) != 4 or steps[:2] != ["#", "components"]:
            continue
        seen.add(reference)
        part = at_pointer(document, reference)
        if part is not None:
            found.setdefault("components", {}).setdefault(steps[2], {})[steps[3].replace("~1", "/")] = part
            waiting.extend(_references(part))
    return found


def _references(node: Any) -> list[str]:
    """List what anything in JSON refers to."""
    found, waiting = list[str](), [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            if isinstance(one.get("$ref"), str):
                found.append(one["$ref"])
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return found


def _given(found: Json) -> ToolResult:
    """Give JSON, unless it is more than a model can take."""
    text = msgspec.json.encode(found)
    if len(text) > 2 * LARGEST_DOCUMENT:
        return failure(f"this part of the document is over {2 * LARGEST_DOCUMENT} bytes, too much for a model")
    return ToolResult((text_block(text.decode("utf-8")),), found)


def _check(name: str, arguments: Json) -> None:
    known = next(each.input_schema["properties"] for each in TOOLS if each.name == name)
    for given in arguments:
        if given not in known:
            raise BadRequest(f"{name} takes no argument {str(given)[:100]!r}; it takes: {', '.join(known)}")


def _text(arguments: Json, name: str) -> str:
    value = arguments.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_TARGET:
        raise BadRequest(f"{name!r} must be text of at most {LONGEST_TARGET} characters", param=name)
    return value


def _slug(arguments: Json) -> str:
    slug = _text(arguments, "service")
    if not _SLUG.fullmatch(slug):
        raise BadRequest("'service' must be a slug, as service_list gives them", param="service")
    return slug


def _check_path(path: str) -> None:
    steps = path.split("/")[1:]
    if path and (not path.startswith("/") or not path.isprintable() or set("\\?#%{}") & set(path)):
        raise BadRequest(
            "'path' must begin with a slash, with its parameters filled in and nothing escaped; the query goes into "
            "'query'",
            param="path",
        )
    if {".", ".."} & set(steps) or "" in steps[:-1]:
        raise BadRequest("'path' must not hold '.', '..' or two slashes in a row", param="path")


def _query(given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, Mapping):
        raise BadRequest("'query' must be an object: a value, or a list of them, for each name", param="query")
    pairs = list[str]()
    for name, value in given.items():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, Mapping | list):
                raise BadRequest(f"the value of {str(name)[:100]!r} in 'query' must be plain", param="query")
            pairs.append(f"{escaped_value(name)}={escaped_value(each)}")
    return "&".join(pairs)


def _headers(given: Any) -> list[tuple[bytes, bytes]]:
    if given is None:
        return []
    found = list[tuple[bytes, bytes]]()
    for name, value in given.items() if isinstance(given, Mapping) else (("", ""),):
        low = str(name).lower()
        if low not in _SET and not (low.startswith("x-") and may_be_set(low)):
            raise BadRequest(
                f"the header {str(name)[:60]!r} cannot be set; these can: {', '.join(sorted(_SET))}, x-..."
            )
        if not isinstance(value, str) or not all(" " <= each <= "~" for each in value) or len(value) > LONGEST_TARGET:
            raise BadRequest(f"the value of the header {low[:60]!r} must be visible ASCII in one line")
        found.append((low.encode("ascii"), value.strip(" ").encode("ascii")))
    return found
