"""What can be called of a service, how that is described, and how its definition is written by hand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Asking, Field, Form, Pages, Refused
from tollbridge_dashboard.services.common import draft_of, see
from tollbridge_dashboard.services.overview import SAID, place_of

LARGEST = 32 * 1024 * 1024
"""Bytes of a form with a definition in it, which signs and quotes make longer."""
_FIELDS = (
    Field(
        name="definition",
        label=N_("Definition"),
        kind="area",
        rows=28,
        api="draft.definition",
        hint=N_("JSON, as `tollbridge service kinds --json` describes it. Secrets are named, as stored:NAME."),
    ),
)


class Endpoints:
    """The tabs Endpoints and Docs, and the form with the definition."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show what the draft, or a release, lets be called."""
        seen = await see(self._pages, request, "/endpoints")
        service, release = seen["service"], _number(request)
        asking = self._pages.asking(request)
        draft, problems, _tag = await draft_of(self._pages, request)
        operations, why = await _operations(asking, service["slug"], release)
        own = [one for one in problems if place_of(one, service["kind"]) in ("/endpoints", "/prompt")]
        return self._pages.render(
            request,
            "service_endpoints.html",
            **seen,
            release=release,
            operations=operations,
            why=why,
            called=await _called(asking, service["slug"]),
            problems=own,
            upstreams=list(_upstreams(draft["definition"])),
            said=self._pages.told(request, SAID),
        )

    async def docs(self, request: Request) -> Response:
        """Show what callers read: the words, the fields, and where the description is."""
        seen = await see(self._pages, request, "/docs")
        draft, _problems, _tag = await draft_of(self._pages, request)
        release = _number(request)
        document, why = await _document(self._pages.asking(request), seen["service"]["slug"], release)
        return self._pages.render(
            request,
            "service_docs.html",
            **seen,
            draft=draft,
            release=release,
            why=why,
            calls=[] if document is None else list(calls_of(document)),
        )

    async def openapi(self, request: Request) -> Response:
        """Give the description itself (OpenAPI 3.1)."""
        slug, release = request.path_params["service"], _number(request)
        found = await self._pages.asking(request).get(f"/services/{slug}/openapi", release=release)
        headers = {"content-disposition": f'attachment; filename="{slug}.openapi.json"'}
        body = json.dumps(found, indent=2, ensure_ascii=False).encode("utf-8")
        return Response(body, media_type="application/json", headers=headers)

    async def edit(self, request: Request) -> Response:
        """Show the definition as it is written."""
        draft, _problems, tag = await draft_of(self._pages, request)
        written = json.dumps(draft["definition"], indent=2, ensure_ascii=False)
        return await self._form(request, Form.read(_FIELDS, {"definition": [written]}, posted=True), tag)

    async def change(self, request: Request) -> Response:
        """Replace the definition, if the draft is still as it was read."""
        typed = await read_form(request, largest=LARGEST)
        form, tag = Form.read(_FIELDS, typed, posted=True), field_of(typed, "tag")
        slug = request.path_params["service"]
        definition = read_object(field_of(typed, "definition"), form, "definition")
        if definition is None:
            return await self._form(request, form, tag)
        try:
            wish = {"draft": {"definition": definition}}
            await self._pages.asking(request).patch(f"/services/{slug}", wish, tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return await self._form(request, form, tag)
        return self._pages.back(request, f"/services/{slug}/endpoints", said="changed")

    async def _form(self, request: Request, form: Form, tag: str) -> Response:
        seen = await see(self._pages, request, "/endpoints")
        problems = (await draft_of(self._pages, request))[1]
        context = {**seen, "tag": tag}
        own = [one for one in problems if place_of(one, seen["service"]["kind"]) in ("/endpoints", "/prompt")]
        return self._pages.render(
            request,
            "service_definition.html",
            status=400 if form.is_wrong else 200,
            **context,
            heading=N_("Definition"),
            form=form,
            problems=own,
            action=f"{seen['base']}/definition",
            up=(f"{seen['base']}/endpoints", seen["service"]["name"] or seen["service"]["slug"]),
            button=N_("Save draft"),
        )


def read_object(written: str, form: Form, field: str) -> dict[str, Any] | None:
    """Read a JSON object that somebody typed; notes what is wrong with it beside its field and gives None."""
    try:
        found = json.loads(written or "{}")
    except ValueError as exc:
        at = {"line": getattr(exc, "lineno", 1), "column": getattr(exc, "colno", 1)}
        form.errors[field] = _("This is no JSON; look at line %(line)d, column %(column)d.") % at
        return None
    except RecursionError:
        form.errors[field] = _("This is nested too deep.")
        return None
    if not isinstance(found, dict):
        form.errors[field] = _("This is no JSON object; it begins with a brace.")
        return None
    return found


def calls_of(document: Mapping[str, Any]) -> Any:
    """Give each operation of an OpenAPI document with its fields: parameters, and members of a JSON body."""
    for path, item in document.get("paths", {}).items():
        for method, one in item.items():
            if method in ("get", "put", "post", "delete", "options", "head", "patch") and isinstance(one, dict):
                fields = [
                    *_parameters(document, item.get("parameters", [])),
                    *_parameters(document, one.get("parameters", [])),
                ]
                yield {
                    "method": method.upper(),
                    "path": path,
                    "summary": one.get("summary", ""),
                    "fields": [*fields, *_members(document, one.get("requestBody", {}))],
                }


def _parameters(document: Mapping[str, Any], listed: Any) -> Any:
    for one in listed if isinstance(listed, list) else ():
        found = _led(document, one)
        schema = _led(document, found.get("schema", {}))
        yield _field(found.get("name", ""), found.get("in", ""), schema, bool(found.get("required")), found)


def _members(document: Mapping[str, Any], body: Any) -> Any:
    content = _led(document, body).get("content", {})
    schema = _led(document, content.get("application/json", {}).get("schema", {}))
    required = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        found = _led(document, one)
        yield _field(name, "body", found, name in required, found)


def _field(name: str, place: str, schema: Mapping[str, Any], required: bool, said: Mapping[str, Any]) -> dict[str, Any]:
    kind = schema.get("type", "")
    return {
        "name": str(name),
        "place": place,
        "type": " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind),
        "required": required,
        "about": str(said.get("description", "")),
        "default": json.dumps(schema["default"], ensure_ascii=False) if "default" in schema else "",
    }


def _led(document: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """Follow one reference into the document itself; anything that is no object is an empty one."""
    if isinstance(value, dict) and isinstance(value.get("$ref"), str) and value["$ref"].startswith("#/"):
        found: Any = document
        for step in value["$ref"][2:].split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
        value = found
    return value if isinstance(value, dict) else {}


def _upstreams(definition: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str], str]]:
    """Give where calls go, as far as that is written: a name, the URLs, and the reference to a credential."""
    if isinstance(definition.get("url"), str) and definition["url"]:
        yield _("Server"), (definition["url"],), ""
    listed = definition.get("upstreams")
    for name, one in listed.items() if isinstance(listed, dict) else ():
        nodes, auth = (one.get("nodes"), one.get("auth")) if isinstance(one, dict) else (None, None)
        urls = [str(node.get("url", "")) for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
        yield name, urls, str(auth.get("key", "")) if isinstance(auth, dict) else ""


def _number(request: Request) -> int | None:
    said = request.query_params.get("release", "")
    return int(said) if said.isascii() and said.isdigit() and 0 < len(said) < 10 and said[0] != "0" else None


async def _operations(asking: Asking, slug: str, release: int | None) -> tuple[list[dict[str, Any]], str]:
    """Give what can be called, or why that cannot be said yet."""
    try:
        return (await asking.get(f"/services/{slug}/operations", release=release))["items"], ""
    except Refused as exc:
        if exc.status != 422:
            raise
        return [], exc.message


async def _document(asking: Asking, slug: str, release: int | None) -> tuple[dict[str, Any] | None, str]:
    """Give the description, or why there is none yet."""
    try:
        return await asking.get(f"/services/{slug}/openapi", release=release), ""
    except Refused as exc:
        if exc.status != 422:
            raise
        return None, exc.message


async def _called(asking: Asking, slug: str) -> Mapping[str, Any]:
    """Give how each operation was called in the last day, by its scope; nothing where that is not known."""
    try:
        found = await asking.get(f"/services/{slug}/analytics", top=100)
    except Refused as exc:
        if exc.status != 404:
            raise
        return {}
    return {one["operation"]: one for one in found["operations"]}
