"""A document's plain values into the model, with references followed everywhere but in schemas."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tollbridge_rest.documents.bodies import read_content
from tollbridge_rest.documents.bounds import BadDocument, shown
from tollbridge_rest.documents.model import Alternative, Answer, Body, Document, Operation, Parameter, Server
from tollbridge_rest.documents.names import Called, name_all
from tollbridge_rest.documents.plain import flag, mapping, needed, sequence, text
from tollbridge_rest.documents.pointers import Refs, check_refs
from tollbridge_rest.documents.reading import check_document
from tollbridge_rest.documents.slots import read_headers, read_parameters
from tollbridge_rest.documents.templates import Template

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX)")
_VARIABLE = re.compile(r"\{([^{}]{1,100})\}")
MAX_OPERATIONS = 20_000


def document_of(raw: Mapping[str, Any]) -> Document:
    """Make the model of a document that was read; raises `BadDocument`.  Bounds are checked again, for any origin."""
    check_document(raw)
    check_refs(raw)
    return _Building(raw).document()


class _Building:
    """Reads one document."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self._refs = Refs(raw)
        self._security = _security(raw.get("security"), "security")

    def document(self) -> Document:
        raw, info = self._raw, mapping(self._raw.get("info"), "info")
        found = list(self._found())
        if len(found) > MAX_OPERATIONS:
            raise BadDocument(f"the document has {len(found):,} operations; up to {MAX_OPERATIONS:,} are read")
        names = name_all([called for called, _, _ in found])
        tags = [text(mapping(each, "tags").get("name"), "tags") for each in sequence(raw.get("tags"), "tags")]
        components = mapping(raw.get("components"), "components")
        schemes = mapping(components.get("securitySchemes"), "components/securitySchemes")
        return Document(
            raw=raw,
            openapi=raw["openapi"],
            title=needed(info.get("title"), "info/title"),
            version=needed(info.get("version"), "info/version"),
            description=text(info.get("description"), "info/description"),
            servers=_servers(raw.get("servers"), "servers"),
            operations=tuple(self._operation(*each, *name) for each, name in zip(found, names, strict=True)),
            tags=tuple(tags),
            security=self._security,
            schemes={name: mapping(self._refs.follow(each), name) for name, each in schemes.items()},
        )

    def _found(self) -> Iterator[tuple[Called, Mapping[str, Any], Mapping[str, Any]]]:
        """Give each operation with its own fields and those of its path."""
        taken: dict[tuple[str, str], str] = {}
        for path, item in mapping(self._raw.get("paths"), "paths").items():
            if path.startswith("x-"):
                continue
            shape = Template(path).shape
            item = mapping(self._refs.follow(item), f"paths{path}")
            more = mapping(item.get("additionalOperations"), f"paths{path}/additionalOperations")
            methods = {name.upper(): item[name] for name in METHODS if name in item}
            for method, operation in {**methods, **more}.items():
                where = f"paths{path}/{method}"
                if not _TOKEN.fullmatch(method):
                    raise BadDocument(f"{shown(method)} is no method of HTTP", param=where)
                if (first := taken.setdefault((method, shape), path)) != path:
                    raise BadDocument(
                        f"{method} {shown(path)} and {shown(first)} are the same but for names", param=where
                    )
                fields = mapping(operation, where)
                yield Called(method, path, text(fields.get("operationId"), f"{where}/operationId")), fields, item

    def _operation(self, called: Called, fields: Mapping[str, Any], item: Mapping[str, Any], *names: str) -> Operation:
        where = f"paths{called.path}/{called.method.lower()}"
        return Operation(
            id=names[0],
            name=names[1],
            method=called.method,
            path=called.path,
            summary=text(fields.get("summary"), f"{where}/summary"),
            description=text(fields.get("description"), f"{where}/description"),
            parameters=self._parameters(called.path, fields, item, where),
            body=self._body(fields.get("requestBody"), f"{where}/requestBody"),
            answers=tuple(self._answers(fields.get("responses"), f"{where}/responses")),
            tags=tuple(text(each, f"{where}/tags") for each in sequence(fields.get("tags"), f"{where}/tags")),
            deprecated=flag(fields.get("deprecated"), f"{where}/deprecated"),
            servers=_servers(fields.get("servers") or item.get("servers"), f"{where}/servers"),
            security=_security(fields["security"], where) if "security" in fields else self._security,
        )

    def _parameters(
        self, path: str, fields: Mapping[str, Any], item: Mapping[str, Any], where: str
    ) -> tuple[Parameter, ...]:
        above = read_parameters(item.get("parameters"), self._refs, f"paths{path}/parameters")
        own = read_parameters(fields.get("parameters"), self._refs, f"{where}/parameters")
        merged = {**above, **own}
        named = set(Template(path).names)
        for place, name in merged:
            if place == "path" and name not in named:
                raise BadDocument(f"the path {shown(path)} has no {{{name[:50]}}}", param=f"{where}/parameters")
        return tuple(merged.values())

    def _body(self, value: Any, where: str) -> Body | None:
        if value is None:
            return None
        fields = mapping(self._refs.follow(value), where)
        return Body(
            flag(fields.get("required"), f"{where}/required"),
            read_content(fields.get("content"), self._refs, f"{where}/content"),
        )

    def _answers(self, value: Any, where: str) -> Iterator[Answer]:
        for status, each in mapping(value, where).items():
            if status.startswith("x-"):
                continue
            here = f"{where}/{status}"
            if status != "default" and not _STATUS.fullmatch(status.upper()):
                raise BadDocument(f"{shown(status)} is no status; write 200, 2XX or default", param=here)
            fields = mapping(self._refs.follow(each), here)
            yield Answer(
                status=status if status == "default" else status.upper(),
                description=text(fields.get("description"), f"{here}/description"),
                headers=tuple(read_headers(fields.get("headers"), self._refs, f"{here}/headers")),
                content=read_content(fields.get("content"), self._refs, f"{here}/content"),
            )


def _servers(value: Any, where: str) -> tuple[Server, ...]:
    return tuple(_server(mapping(each, where), where) for each in sequence(value, where))


def _server(fields: Mapping[str, Any], where: str) -> Server:
    variables = mapping(fields.get("variables"), f"{where}/variables")

    def default_of(found: re.Match[str]) -> str:
        variable = mapping(variables.get(found[1]), f"{where}/variables")
        return text(variable.get("default"), f"{where}/variables")

    url = _VARIABLE.sub(default_of, needed(fields.get("url"), f"{where}/url"))
    return Server(url, text(fields.get("description"), f"{where}/description"))


def _security(value: Any, where: str) -> tuple[Alternative, ...]:
    return tuple(
        {
            name: tuple(text(scope, where) for scope in sequence(scopes, where))
            for name, scopes in mapping(each, where).items()
        }
        for each in sequence(value, where)
    )
