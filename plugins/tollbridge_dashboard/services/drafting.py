"""The ways to begin a service, and the draft that each makes of its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Asking, Field, Form
from tollbridge_dashboard.services.common import PROMPT
from tollbridge_dashboard.services.endpoints import read_object

Drafted = tuple[str, Mapping[str, Any], Sequence[str], int]
"""The kind, the draft, in sentences what was left out, and how many operations there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to begin.  `shows`: what it makes is shown before it is made; `uploads`: a file can be chosen."""

    kind: str
    title: str
    heading: str
    about: str
    fields: Sequence[Field]
    shows: bool = False
    uploads: bool = False


WAYS = {
    "openapi": Way(
        kind="rest",
        title=N_("REST API with an OpenAPI document"),
        heading=N_("New REST API of an OpenAPI document"),
        about=N_("Paste a document, choose a file or say where it is. You see what comes of it before it is made."),
        fields=(
            Field(
                name="text", label=N_("OpenAPI document"), kind="area", rows=12, hint=N_("JSON or YAML, 3.0 to 3.2.")
            ),
            Field(name="url", label=N_("or its address"), hint=N_("https://, public; the gateway fetches it once.")),
            Field(
                name="upstream",
                label=N_("Where calls go"),
                hint=N_("In place of the first server that the document names."),
            ),
        ),
        shows=True,
        uploads=True,
    ),
    "url": Way(
        kind="rest",
        title=N_("REST API at a base URL"),
        heading=N_("New REST API at a base URL"),
        about=N_("All that is below a URL, under one scope. Routes of their own can be written later."),
        fields=(
            Field(name="base", label=N_("Base URL"), hint=N_("Such as https://api.example.com/v2.")),
            Field(
                name="key",
                label=N_("Secret to show there"),
                hint=N_("stored:NAME, sent as a bearer token; may stay empty."),
            ),
        ),
    ),
    "app": Way(
        kind="app",
        title=N_("Routes of the wrapped app"),
        heading=N_("New service of the wrapped app"),
        about=N_("Routes of the app that this gateway wraps, with a scope, a price and an end of their own."),
        fields=(Field(name="prefix", label=N_("Only below"), hint=N_("Such as /shop; empty for all of the app.")),),
        shows=True,
    ),
    "prompt": Way(
        kind=PROMPT,
        title=N_("Prompt API"),
        heading=N_("New prompt API"),
        about=N_("A template with typed variables that callers reach by HTTP and as a model."),
        fields=(
            Field(name="model", label=N_("Model"), hint=N_("A model of this gateway; it can be chosen later too.")),
        ),
    ),
    "mcp": Way(
        kind="mcp",
        title=N_("MCP server"),
        heading=N_("New MCP server"),
        about=N_("An outside server of MCP over HTTP, with the tools that are let through."),
        fields=(
            Field(name="url", label=N_("Address"), hint=N_("https://, where it speaks streamable HTTP.")),
            Field(
                name="tools",
                label=N_("Tools that may be called"),
                begin="*",
                hint=N_("With spaces between; * is any text."),
            ),
            Field(
                name="key",
                label=N_("Secret to show there"),
                hint=N_("stored:NAME, sent as a bearer token; may stay empty."),
            ),
        ),
    ),
    "model": Way(
        kind="model",
        title=N_("Model route"),
        heading=N_("New model route"),
        about=N_("A model under a name of yours, with instructions and bounds that callers cannot change."),
        fields=(
            Field(name="model", label=N_("Model"), hint=N_("A model of this gateway.")),
            Field(name="system", label=N_("Instructions"), kind="area", hint=N_("Said before those of the caller.")),
        ),
    ),
    "other": Way(
        kind="",
        title=N_("Another kind"),
        heading=N_("New service"),
        about=N_("A kind that a plugin offers."),
        fields=(
            Field(
                name="definition",
                label=N_("Definition"),
                kind="area",
                rows=14,
                begin="{}",
                api="draft.definition",
                hint=N_("A JSON object; `tollbridge service kinds --json` has its schema."),
            ),
        ),
    ),
}


async def drafted(asking: Asking, way: Way, form: Form, query: Mapping[str, str]) -> Drafted:
    """Make the draft; notes beside its fields what is wrong with the form.  Raises `Refused`."""
    names = [field.name for field in way.fields]
    if "text" in names:
        return await _openapi(asking, form)
    if "prefix" in names:
        found = await asking.post("/app-drafts", {"prefix": form.text("prefix")})
        return found["kind"], found["draft"], found["notes"], found["operations"]
    if "base" in names:
        return _behind_url(form)
    if "tools" in names:
        return _mcp(form)
    if "definition" in names:
        definition = read_object((form.values.get("definition") or [""])[0], form, "definition")
        return query.get("kind", ""), {"definition": definition or {}}, (), 0
    if way.kind == PROMPT:
        return await _prompt(asking, form)
    said = {name: form.text(name) for name in names if form.text(name)}
    return way.kind, {"definition": said}, (), 0


async def _openapi(asking: Asking, form: Form) -> Drafted:
    text, url = (form.values.get("text") or [""])[0], form.text("url")
    if bool(text.strip()) is bool(url):
        form.errors["text"] = _("Send either the document or its address.")
        return "rest", {}, (), 0
    wish = {"text": text} if text.strip() else {"url": url}
    found = await asking.post("/openapi-drafts", {**wish, "upstream": form.text("upstream")})
    return found["kind"], found["draft"], found["notes"], found["operations"]


def _behind_url(form: Form) -> Drafted:
    base = form.text("base").rstrip("/")
    try:
        is_url = urlsplit(base).scheme in ("https", "http") and bool(urlsplit(base).hostname)
    except ValueError:
        is_url = False
    if not is_url:
        form.errors["base"] = _("Write a URL that begins with https://.")
    upstream: dict[str, Any] = {"nodes": [{"url": base}]}
    if form.text("key"):
        upstream["auth"] = {"scheme": "bearer", "key": form.text("key")}
    routes = [{"name": "all", "path": "/{rest*}", "upstream": "main"}]
    return "rest", {"definition": {"upstreams": {"main": upstream}, "routes": routes}}, (), 1


def _mcp(form: Form) -> Drafted:
    definition: dict[str, Any] = {"url": form.text("url"), "tools": [{"name": one} for one in form.words("tools")]}
    if form.text("key"):
        definition["headers"] = {"Authorization": f"Bearer {form.text('key')}"}
    return "mcp", {"definition": definition}, (), 0


async def _prompt(asking: Asking, form: Form) -> Drafted:
    listed = (await asking.get("/prompt-starters"))["items"]
    starters: Mapping[str, Mapping[str, Any]] = {one["name"]: one["draft"] for one in listed}
    begun = starters.get(form.text("starter"), {"definition": {}})
    definition = {**begun["definition"], "model": form.text("model")}
    return PROMPT, {**begun, "definition": definition}, (), 1
