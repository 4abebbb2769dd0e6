"""Writing requests.  One that came in another dialect is fitted first; then all are written alike."""

from collections.abc import Iterator, Mapping
from operator import attrgetter

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    NO_EXTRAS,
    Extras,
    Format,
    Message,
    Notes,
    Request,
    Role,
    Thinking,
    encode_json,
    in_turns,
    present,
    written_body,
)
from tollbridge_anthropic.content_out import write_cache, write_content
from tollbridge_anthropic.fit_messages import fit_messages
from tollbridge_anthropic.fit_parts import fit_cache, settle_states
from tollbridge_anthropic.models import traits_of
from tollbridge_anthropic.options_out import (
    fit_format,
    fit_sampling,
    fit_stop,
    fit_thinking,
    fit_tier,
    write_format,
    write_thinking,
)
from tollbridge_anthropic.tools_out import fit_tools, write_choice, write_tool
from tollbridge_anthropic.words import NAME

_SAID: Mapping[str, str] = {
    "stream": "stream",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop_sequences": "stop",
    "service_tier": "tier",
}
"""What a request may say in one value that is written as it is: its name here, and its canonical one."""
_NAMES, _values = tuple(_SAID), attrgetter(*_SAID.values())
_UNKNOWN = (
    *("answers", "frequency_penalty", "presence_penalty", "seed", "logprobs", "top_logprobs"),
    *("verbosity", "metadata", "cache_key", "store"),
)
_unknown = attrgetter(*_UNKNOWN)
_ONLY_IF_TRUE = frozenset(("logprobs", "top_logprobs", "store"))
_COUNTED = frozenset(
    ("model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control", "output_config")
)
"""What of it a request to count tokens may say (`MessageCountTokensParams` of the Python SDK 2.14, read 2026-11)."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request for an answer; raises `Untranslatable` for what cannot be said and may not be left out."""
    return written_body(_written(request, notes), notes)


def write_count(request: Request, notes: Notes) -> bytes:
    """Write a request to count tokens: what has none is left out, where another dialect had it."""
    written = _written(request, notes)
    if request.origin != NAME:
        written = {name: value for name, value in written.items() if name in _COUNTED}
    return encode_json(written)


def fit_request(request: Request, notes: Notes) -> Request:
    """Say a request of another dialect in the terms of this one."""
    for field in request.essential:
        notes.refuse(field)
    notes.drop_extras(request.extras)
    traits = traits_of(request.model)
    _drop_unknown(request, notes)
    request = replace(
        request,
        messages=fit_messages(request.messages, notes),
        stop=fit_stop(request.stop, notes),
        format=fit_format(request.format, notes),
        tier=fit_tier(request.tier, notes),
        cache=fit_cache(request.cache, "", notes),
        essential=(),
        extras=NO_EXTRAS,
    )
    if request.tools is not None or request.choice is not None or request.parallel_tools is not None:
        request = fit_tools(request, traits, notes)
    return fit_sampling(fit_thinking(request, traits, notes), traits, notes)


def _drop_unknown(request: Request, notes: Notes) -> None:
    """Tell of what has no word here at all; `0` and `false` ask for nothing."""
    for name, value in zip(_UNKNOWN, _unknown(request), strict=True):
        if value is not None and (value or name not in _ONLY_IF_TRUE):
            notes.drop_given("", **{name: value})


def _written(request: Request, notes: Notes) -> dict[str, JSON]:
    if request.origin != NAME:
        request = fit_request(request, notes)
    else:
        request = replace(request, messages=tuple(_settled(request.messages, notes)))
    out: dict[str, JSON] = {"model": request.model}
    if request.max_output is not None:
        out["max_tokens"] = request.max_output
    system = _system(request.messages)
    if system is not None:
        out["system"] = system
    out["messages"] = _turns(request.messages)
    for name, value in zip(_NAMES, _values(request), strict=True):
        if value is not None:
            out[name] = value
    if request.tools is not None:
        out["tools"] = [write_tool(tool) for tool in request.tools]
    if request.choice is not None:
        out["tool_choice"] = write_choice(request.choice, request.parallel_tools)
    if request.cache is not None:
        out["cache_control"] = write_cache(request.cache)
    if request.user is not None:
        out["metadata"] = {**_object(request.extras, "metadata"), "user_id": request.user}
    if request.thinking is not None or request.format is not None:
        out |= _kind_of_answer(request.thinking, request.format, request.extras)
    return {**request.extras, **out}


def _kind_of_answer(thinking: Thinking | None, found: Format | None, extras: Extras) -> dict[str, JSON]:
    """Write thinking, effort and format, which stand in three places."""
    config = present(effort=thinking.effort if thinking is not None else None)
    older = found is not None and found.spelling == "output_format"
    if found is not None and not older:
        config["format"] = write_format(found)
    return present(
        thinking=write_thinking(thinking),
        output_format=write_format(found) if older else None,
        output_config={**_object(extras, "output_config"), **config} if config else None,
    )


def _object(extras: Extras, name: str) -> dict[str, JSON]:
    found = extras.get(name)
    return found if isinstance(found, dict) else {}


def _settled(messages: tuple[Message, ...], notes: Notes) -> Iterator[Message]:
    for message in messages:
        parts = settle_states(message.parts, notes)
        if parts or not message.parts:
            yield replace(message, parts=parts)


def _system(messages: tuple[Message, ...]) -> JSON:
    apart = [message for message in messages if message.apart]
    return write_content(apart[0].parts, listed=apart[0].listed) if apart else None


def _turns(messages: tuple[Message, ...]) -> list[JSON]:
    """Write all that is not apart; the user's words and results of tools are one message where they were one."""
    said = [
        replace(message, role=Role.USER) if message.role is Role.TOOL else message
        for message in messages
        if not message.apart
    ]
    return [
        {**present(role=turn.role, content=write_content(turn.parts, listed=turn.listed)), **turn.extras}
        for turn in in_turns(said)
    ]
