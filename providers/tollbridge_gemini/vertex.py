"""What Vertex AI has differently: its paths, and the shape of what is counted or embedded.

Google's discovery document of Vertex AI, revision of 2026-11-06, and google-genai 3.6.1 in Vertex mode (both read
2026-11). A model is named by its publisher there: `openai/gpt-4o` is asked for below `publishers/openai/models`, so
that behind a publisher other than Google stands a name of the gateway's. Project and location mean nothing here.
"""

import re

from tollbridge import BadRequest, Quirks
from tollbridge.formats import JSON, decode_json, encode_json, items_of

WHOLE = "generateContentRequest"
"""Where the Gemini API takes all that is to be counted; Vertex takes its members one by one."""
CONFIG = "embedContentConfig"
"""Where Vertex takes what is asked of the vectors; the Gemini API takes its members one by one."""

_ROOTS = ("/v1beta1/projects/", "/v1/projects/", "/v1beta1/publishers/", "/v1/publishers/")
_RESOURCE = re.compile(r"/v1(?:beta1)?/(?:projects/[^/]+/locations/[^/]+/)?publishers/([^/]+)/models/(.+):[A-Za-z]+")
_WHOLE = (WHOLE, "generate_content_request")
_CONFIG = (CONFIG, "embed_content_config")
_BESIDE = ("systemInstruction", "system_instruction", "tools", "generationConfig", "generation_config")
"""Members that are counted too, and that the Gemini API knows within a whole request only."""
_UNCOUNTED = ("toolConfig", "tool_config", "safetySettings", "safety_settings")
"""Members of a whole request that say how an answer is made, and that Vertex does not know where it counts."""


def vertex_paths(method: str) -> tuple[str, ...]:
    """Give the paths of a method of a publisher's model, with a project and without."""
    return tuple(f"{root}{{model}}:{method}" for root in _ROOTS)


def published_model(path: str) -> str | None:
    """Give the model that a path of Vertex's names, None for a path of the Gemini API's; raises `BadRequest`."""
    if not path.startswith(_ROOTS):
        return None
    found = _RESOURCE.fullmatch(path)
    if found is None:
        raise BadRequest("the path names no model of a publisher", param="model")
    publisher, model = found.groups()
    return model if publisher == "google" else f"{publisher}/{model}"


def is_vertex(quirks: Quirks) -> bool:
    """Whether a host is spoken to as Vertex is: it drops `generateContentRequest`, which the Gemini API alone has."""
    return WHOLE in quirks.drop


def in_shape(body: bytes, model: str, quirks: Quirks) -> bytes:
    """Give what is to be counted or embedded in the shape its host takes; raises `BadRequest`.

    `model` is the name it has there. A body that has this shape stays as it is, byte for byte.
    """
    vertex = is_vertex(quirks)
    if b"\\u00" not in body and not _may_differ(body, _WHOLE if vertex else (*_CONFIG, *_BESIDE), unnamed=not vertex):
        return body
    value = decode_json(body)
    if not isinstance(value, dict):
        raise BadRequest("the body must be an object")
    changed = _of_vertex(value) if vertex else _of_gemini(value, model)
    return body if changed is value else encode_json(changed)


def _may_differ(body: bytes, marks: tuple[str, ...], *, unnamed: bool) -> bool:
    """Whether one of these members may be in a body; or, `unnamed`, a list of requests that name no model."""
    if unnamed and b'"requests"' in body and b'"model"' not in body:
        return True
    return any(f'"{mark}"'.encode() in body for mark in marks)


def _of_vertex(value: dict[str, JSON]) -> dict[str, JSON]:
    """Take the members out of a whole request."""
    name = _first(value, _WHOLE)
    if name is None:
        return value
    outer = {key: item for key, item in value.items() if key != name}
    counted = {key: item for key, item in value[name].items() if key not in _UNCOUNTED}
    return {**outer, **counted}


def _of_gemini(value: dict[str, JSON], model: str) -> dict[str, JSON]:
    """Put members into a whole request; take those of a configuration out of it, and name the model of each text."""
    name = f"models/{model}"
    if "contents" in value:
        whole = _first(value, _WHOLE) is None and any(value.get(member) is not None for member in _BESIDE)
        return {WHOLE: {"model": name, **value}} if whole else value
    requests = items_of(value.get("requests"))
    asked = [_flat(each, name) if isinstance(each, dict) else each for each in requests]
    flat = _flat(value, None)
    if all(new is old for new, old in zip(asked, requests, strict=True)):
        return flat
    return {**flat, "requests": asked}


def _flat(value: dict[str, JSON], model: str | None) -> dict[str, JSON]:
    """Give one thing to embed as the Gemini API takes it."""
    name = _first(value, _CONFIG)
    if name is None and (model is None or "model" in value):
        return value
    told = {} if name is None else value[name]
    named = {} if model is None else {"model": model}
    return {**named, **{key: item for key, item in value.items() if key != name}, **told}


def _first(value: dict[str, JSON], names: tuple[str, ...]) -> str | None:
    """Give the name by which an object stands in another, None where it does not."""
    return next((name for name in names if isinstance(value.get(name), dict)), None)
