"""How an answer is wished for, in another dialect, as Converse and the model behind it take it."""

import re
from decimal import Decimal

from msgspec.structs import replace

from tollbridge.formats import JSON, Format, FormatKind, Notes, Request, json_text, present
from tollbridge_bedrock.models import takes_no_chance, takes_one_chance
from tollbridge_bedrock.schemas import enforceable

_TIERS = frozenset(("priority", "default", "flex", "reserved"))
_METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,\-.]{0,256}")
_MOST_METADATA = 16


def settled(request: Request, notes: Notes) -> Request:
    """Leave behind what the model refuses of how its words are chosen."""
    if takes_no_chance(request.model):
        notes.drop_given(temperature=request.temperature, top_p=request.top_p)
        return replace(request, temperature=None, top_p=None)
    if takes_one_chance(request.model) and request.temperature is not None and request.top_p is not None:
        notes.drop("top_p")
        return replace(request, top_p=None)
    return request


def while_thinking(request: Request, extra: dict[str, JSON], config: JSON, notes: Notes) -> Request:
    """Leave behind what a Claude refuses while it thinks.

    https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html, read 2026-11.
    """
    if extra.pop("top_k", None) is not None:
        notes.drop("top_k")
    if isinstance(config, dict) and "auto" not in config.get("toolChoice", {"auto": {}}):
        config["toolChoice"] = {"auto": {}}
        notes.drop("choice")
    notes.drop_given(
        temperature=request.temperature if request.temperature != 1 else None,
        top_p=request.top_p if not _nearly_all(request) else None,
    )
    return replace(request, temperature=None, top_p=request.top_p if _nearly_all(request) else None)


def _nearly_all(request: Request) -> bool:
    return request.top_p is not None and Decimal("0.95") <= request.top_p <= 1


def write_inference(request: Request, notes: Notes) -> dict[str, JSON]:
    """Give the limits and chances that are within Bedrock's bounds."""
    temperature = request.temperature
    if temperature is not None and temperature > 1:
        notes.drop("temperature")
        temperature = 1
    stop = [word for word in request.stop or () if word.strip()]
    if len(stop) < len(request.stop or ()):
        notes.drop("stop")
    return present(
        maxTokens=request.max_output, temperature=temperature, topP=request.top_p, stopSequences=stop or None
    )


def write_metadata(metadata: JSON, notes: Notes) -> JSON:
    """Give what fits of the metadata; none at all is more than Bedrock takes."""
    given = metadata if isinstance(metadata, dict) else {}
    fit = [
        (name, value)
        for name, value in given.items()
        if name and isinstance(value, str) and _METADATA.fullmatch(name) and _METADATA.fullmatch(value)
    ]
    kept = dict(fit[:_MOST_METADATA])
    if metadata is not None and (not kept or len(kept) < len(given)):
        notes.drop("metadata")
    return kept or None


def write_tier(tier: str | None, notes: Notes) -> JSON:
    """Give a service tier by Bedrock's name for it."""
    if tier in _TIERS:
        return {"type": tier}
    if tier == "standard_only":
        return {"type": "default"}
    notes.drop_given(tier=None if tier == "auto" else tier)
    return None


def write_format(form: Format | None, notes: Notes) -> JSON:
    """Give the form an answer must have; Bedrock knows schemas alone."""
    if form is None or form.kind is FormatKind.TEXT:
        return None
    if form.kind is FormatKind.JSON:
        notes.drop("format")
        return None
    notes.drop_extras(form.extras, "format")
    schema = json_text(enforceable(form.schema, notes, "format.schema"))
    told = present(schema=schema, name=form.name, description=form.description)
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": told}}}
