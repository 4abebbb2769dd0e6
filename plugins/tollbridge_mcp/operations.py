"""The operations of an OpenAPI document, each as a tool.  The document is data: no address in it is ever called.

What cannot be said in JSON is left out, and so is what cannot be called without it; `Reading.left_out` says so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tollbridge_mcp.bodies import Body, read_body
from tollbridge_mcp.model import LONGEST_NAME, Hints, Tool
from tollbridge_mcp.parameters import Parameter, Place, read_parameters
from tollbridge_mcp.schemas import MOST_NODES, Gathering, Part, Schemas, followed

MOST_TOOLS = 1_000
"""Operations of one document that become tools."""
MOST_ALL_NODES = 200_000
"""Values in the schemas of all tools of one document."""
MOST_NOTES = 100
HIDDEN = "x-tollbridge-tool"
"""An operation where this is false is none for MCP."""
_LONGEST_DESCRIPTION = 2_000
_METHODS = ("get", "post", "put", "patch", "delete")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_TEMPLATE = re.compile(r"\{([^{}/]{1,200})\}")
_LONGEST_PATH = 1_000
_JSON_KIND = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)


class ApiOperation(msgspec.Struct, frozen=True):
    """One operation, how it is called, and the tool it is.

    `path` is its template.  `wrapped`: its answer is no object, so `result` holds it.
    """

    id: str
    method: str
    path: str
    tool: Tool
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    wrapped: bool = False


class Reading(msgspec.Struct, frozen=True):
    """What a document gave, and in sentences what it did not."""

    operations: tuple[ApiOperation, ...]
    left_out: tuple[str, ...] = ()


class _Found(msgspec.Struct):
    """An operation before all schemas of its document are known."""

    id: str
    method: str
    path: str
    node: Mapping[str, Any]
    parameters: tuple[Parameter, ...]
    body: Body | None
    output: Part | None
    object_output: bool
    notes: tuple[str, ...]


def read_document(document: Any) -> Reading:
    """Read the operations of a document, in its order.  Never raises: what is no document has none."""
    schemas, found, left_out = Schemas(document), list[_Found](), list[str]()
    for path, method, item, node in _operations(document):
        if len(found) >= MOST_TOOLS:
            left_out.append(f"of the operations only the first {MOST_TOOLS} are tools")
            break
        one = _find(document, schemas, (path, method), (item, node))
        if isinstance(one, str):
            left_out.append(f"{method.upper()} {path[:200]} is no tool: {one}")
        elif one is not None:
            found.append(one)
    schemas.settle()
    names, room, operations = Names(), MOST_ALL_NODES, list[ApiOperation]()
    for one in found:
        made, nodes = _make(one, schemas, names, min(MOST_NODES, room))
        room -= nodes
        operations.append(made)
    return Reading(tuple(operations), tuple(left_out[:MOST_NOTES]))


class Names:
    """Gives each tool a name of its own that every model takes: letters, digits, `_` and `-`."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def give(self, wanted: str) -> str:
        """Give a name as near as may be to the one that is wanted."""
        plain = _UNSAFE.sub("_", wanted).strip("_")[:LONGEST_NAME] or "operation"
        name, count = plain, self._next.get(plain, 1)
        while name in self._taken:
            count += 1
            name = f"{plain[: LONGEST_NAME - 8]}_{count}"
        self._next[plain] = count
        self._taken.add(name)
        return name


def _operations(document: Any) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    paths = document.get("paths") if isinstance(document, Mapping) else None
    for path, given in paths.items() if isinstance(paths, Mapping) else ():
        item = followed(document, given)
        if item is None or not isinstance(path, str) or not _is_path(path):
            continue
        for method in _METHODS:
            node = item.get(method)
            if isinstance(node, Mapping) and node.get(HIDDEN) is not False:
                yield path, method, item, node


def _is_path(path: str) -> bool:
    if path in ("", "/"):
        return True
    steps = path.split("/")
    plain = path.isprintable() and "\\" not in path and len(path) <= _LONGEST_PATH
    return plain and steps[0] == "" and not {"", ".", ".."} & set(steps[1:-1]) and steps[-1] not in (".", "..")


def _find(
    document: Any, schemas: Schemas, where: tuple[str, str], nodes: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> _Found | str:
    """Read one operation; a sentence says why it cannot be a tool."""
    path, method = where
    item, node = nodes
    given = [each for part in (item, node) for each in _list(part.get("parameters"))]
    parameters = read_parameters(document, schemas, given)
    if isinstance(parameters, str):
        return parameters
    named = {parameter.wire for parameter in parameters if parameter.place is Place.PATH}
    lacking = sorted(set(_TEMPLATE.findall(path)) - named)
    if lacking:
        return f"it does not say what {lacking[0][:60]!r} in its path is"
    notes, body = list[str](), None
    if method != "get" and node.get("requestBody") is not None:
        read = read_body(document, schemas, node["requestBody"], {parameter.name for parameter in parameters})
        if isinstance(read, str):
            return read
        body = read
        if body is None:
            notes.append("Its optional body cannot be given here.")
    output, is_object = _output(document, schemas, node.get("responses"))
    id = node.get("operationId")
    wanted = id if isinstance(id, str) and id else f"{method}_{path}"
    return _Found(wanted, method.upper(), path, node, parameters, body, output, is_object, tuple(notes))


def _output(document: Any, schemas: Schemas, responses: Any) -> tuple[Part | None, bool]:
    """Give the schema of what a call gives if it goes well, and whether that is an object.

    None where an answer may hold no JSON: clients of the official SDKs refuse a result without what was promised.
    """
    good = [
        followed(document, each)
        for status, each in (responses.items() if isinstance(responses, Mapping) else ())
        if str(status)[:1] == "2"
    ]
    if len(good) != 1 or good[0] is None:
        return None, False
    content = good[0].get("content")
    kinds = content if isinstance(content, Mapping) else {}
    if len(kinds) != 1:
        return None, False
    ((kind, media),) = kinds.items()
    if not isinstance(kind, str) or not _JSON_KIND.fullmatch(kind.partition(";")[0].strip()):
        return None, False
    schema = media.get("schema") if isinstance(media, Mapping) else None
    root = followed(document, schema)
    if root is None:
        return None, False
    return schemas.part(schema), root.get("type") == "object"


def _make(found: _Found, schemas: Schemas, names: Names, most: int) -> tuple[ApiOperation, int]:
    taken = schemas.gather(most)
    properties = {parameter.name: _described(taken, parameter) for parameter in found.parameters}
    required = [parameter.name for parameter in found.parameters if parameter.required]
    if found.body is not None:
        for name, part in found.body.arguments.items():
            properties[name] = taken.take(part)
        required.extend(found.body.required)
    shape: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        shape["required"] = required
    inputs = taken.close(shape)
    output, nodes = None, taken.nodes
    if found.output is not None:
        given = schemas.gather(most - nodes)
        output = given.close(_output_shape(given.take(found.output), found.object_output))
        nodes += given.nodes
    tool = Tool(
        name=names.give(found.id),
        title=_text(found.node.get("summary"))[:200],
        description=_description(found),
        input_schema=inputs,
        output_schema=output,
        annotations=_hints(found.method),
    )
    wrapped = found.output is not None and not found.object_output
    made = ApiOperation(found.id, found.method, found.path, tool, found.parameters, found.body, wrapped)
    return made, nodes


def _output_shape(schema: Any, is_object: bool) -> dict[str, Any]:
    """Give what a result is: revisions before 2026-07-28 want an object."""
    if not is_object:
        return {"type": "object", "properties": {"result": schema}, "required": ["result"]}
    return {"type": "object", **schema}


def _described(taken: Gathering, parameter: Parameter) -> Any:
    schema = taken.take(parameter.part)
    if parameter.description and isinstance(schema, dict) and "description" not in schema:
        return {**schema, "description": parameter.description}
    return schema


def _description(found: _Found) -> str:
    said = [_text(found.node.get("summary")), _text(found.node.get("description")), *found.notes]
    if found.node.get("deprecated") is True:
        said.append("It is deprecated.")
    distinct = dict.fromkeys(each.strip() for each in said if each.strip())
    return "\n\n".join(distinct)[:_LONGEST_DESCRIPTION] or f"{found.method} {found.path}"


def _hints(method: str) -> Hints:
    reads = method == "GET"
    return Hints(read_only=reads, destructive=method == "DELETE", idempotent=method not in ("POST", "PATCH"))


def _text(value: Any) -> str:
    return value[:_LONGEST_DESCRIPTION] if isinstance(value, str) else ""


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
