"""What the bridge reads and changes of a body that passes: the output limit, and models named within it."""

import re

import msgspec

from tollbridge import BadRequest
from tollbridge.formats import JSON, decode_json, encode_json, items_of, members, object_in, read_fields, splice

_WEIGHTY = re.compile(
    rb'"(generationConfig|generation_config|maxOutputTokens|max_output_tokens|candidateCount|candidate_count)"'
    rb"[ \t\n\r]*:"
)
_CONFIGS = ("generationConfig", "generation_config")
_WHOLE = ("generateContentRequest", "generate_content_request")


class _Config(msgspec.Struct, rename="camel"):
    max_output_tokens: int | None = None
    candidate_count: int | None = None
    proto_max: int | None = msgspec.field(default=None, name="max_output_tokens")
    proto_count: int | None = msgspec.field(default=None, name="candidate_count")


class _Body(msgspec.Struct, rename="camel"):
    generation_config: _Config | None = None
    proto_config: _Config | None = msgspec.field(default=None, name="generation_config")


_decode = msgspec.json.Decoder(_Body).decode


def read_limits(body: bytes) -> tuple[int | None, int]:
    """Give the output limit for one answer, and how many are asked for; raises `BadRequest` naming what is wrong."""
    found = read_fields(body, _decode, _WEIGHTY, inside=_CONFIGS)
    config = _one("generationConfig", found.generation_config, found.proto_config)
    if config is None:
        return None, 1
    limit = _one("generationConfig.maxOutputTokens", config.max_output_tokens, config.proto_max)
    count = _one("generationConfig.candidateCount", config.candidate_count, config.proto_count)
    for name, value in (("maxOutputTokens", limit), ("candidateCount", count)):
        if value is not None and value < 1:
            raise BadRequest(
                f"the field 'generationConfig.{name}' must be at least 1", param=f"generationConfig.{name}"
            )
    return limit, count or 1


def _one(name: str, value: "msgspec.Struct | int | None", other: "msgspec.Struct | int | None") -> JSON:
    if value is not None and other is not None:
        raise BadRequest(f"the field {name!r} is there twice, by both its names", param=name)
    return other if value is None else value


def with_limit(body: bytes, limit: int) -> bytes:
    """Set the output limit of each answer; every other byte stays."""
    found = members(body)
    name = next((name for name in _CONFIGS if name in found), _CONFIGS[0])
    given = object_in(body, name)
    key = "max_output_tokens" if "max_output_tokens" in members(given) else "maxOutputTokens"
    return splice(body, {name: splice(given, {key: b"%d" % limit})})


def with_model(body: bytes, model: str | None) -> bytes:
    """Name another model, or none, wherever the body names one, as counting and embedding do; raises `BadRequest`."""
    if b'"model"' not in body and b"\\u00" not in body:
        return body
    value = decode_json(body)
    if not isinstance(value, dict):
        raise BadRequest("the body must be an object")
    inner = [value.get(name) for name in _WHOLE]
    changed = False
    for place in (value, *inner, *items_of(value.get("requests"))):
        if isinstance(place, dict) and isinstance(place.get("model"), str):
            head, slash, _ = place["model"].partition("models/")
            if model is None:
                del place["model"]
            else:
                place["model"] = head + slash + model if slash else model
            changed = True
    return encode_json(value) if changed else body
