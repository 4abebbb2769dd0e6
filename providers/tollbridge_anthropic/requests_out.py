"""Writing requests.  One that came in another dialect is fitted first; then all are written alike."""

from collections.abc import Iterator

from msgspec.structs import replace

from tollbridge.formats import JSON, NO_EXTRAS, Message, Notes, Request, Role, encode_json, in_turns, present
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

_COUNTED = frozenset(
    (
        *("model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control"),
        *("output_config", "output_format", "context_management", "mcp_servers", "speed"),
    )
)
"""What may stand in a request to count tokens (`MessageCountTokensParams` of the Python SDK 2.14, read 2026-11)."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request for an answer; raises `Untranslatable` for what cannot be said and may not be left out."""
    return encode_json(_written(request, notes))


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
    request = fit_tools(request, traits, notes)
    return fit_sampling(fit_thinking(request, traits, notes), traits, notes)


def _drop_unknown(request: Request, notes: Notes) -> None:
    """Tell of what has no word here at all."""
    notes.drop_given(
        answers=request.answers if request.answers != 1 else None,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        seed=request.seed,
        logprobs=request.logprobs or None,
        top_logprobs=request.top_logprobs or None,
        verbosity=request.verbosity,
        metadata=request.metadata,
        cache_key=request.cache_key,
        store=request.store or None,
    )


def _written(request: Request, notes: Notes) -> dict[str, JSON]:
    if request.origin != NAME:
        request = fit_request(request, notes)
    else:
        request = replace(request, messages=tuple(_settled(request.messages, notes)))
    extras = dict(request.extras)
    thinking, found = request.thinking, request.format
    config = present(effort=thinking.effort if thinking is not None else None)
    older = found is not None and found.spelling == "output_format"
    if found is not None and not older:
        config["format"] = write_format(found)
    out = present(
        model=request.model,
        max_tokens=request.max_output,
        system=_system(request.messages),
        messages=_turns(request.messages),
        stream=request.stream,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        stop_sequences=None if request.stop is None else list(request.stop),
        tools=None if request.tools is None else [write_tool(tool) for tool in request.tools],
        tool_choice=write_choice(request.choice, request.parallel_tools),
        thinking=write_thinking(thinking),
        output_format=write_format(found) if older else None,
        service_tier=request.tier,
        cache_control=write_cache(request.cache),
        metadata=None if request.user is None else {**_object(extras, "metadata"), "user_id": request.user},
        output_config={**_object(extras, "output_config"), **config} if config else None,
    )
    return {**extras, **out}


def _object(extras: dict[str, JSON], name: str) -> dict[str, JSON]:
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
        present(role=str(turn.role), content=write_content(turn.parts, listed=turn.listed)) | dict(turn.extras)
        for turn in in_turns(said)
    ]
