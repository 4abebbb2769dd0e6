"""Chat completions from replies (https://platform.openai.com/docs/api-reference/chat, read 2026-11)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tollbridge_echo.asked import Asked, read_chat
from tollbridge_echo.plans import Plan, encoded, refusal_plan, stream_plan, whole_plan
from tollbridge_echo.refusals import Refusal
from tollbridge_echo.replies import Reply, id_of, reply_to, usage_of

CREATED = 0
"""The time of every answer: one that told the real one would not be the same twice."""
_MOST_BYTES = 64 * 1024 * 1024
_FRAME_BYTES, _LOGPROB_BYTES, _LETTER_BYTES = 250, 500, 6
"""Bytes of a piece without its text, of one probability while it is held, and of a letter that JSON escapes."""


def plan_chat(body: Mapping[str, Any]) -> Plan:
    """Plan the answer to a chat request; raises `Refusal` for one that cannot be read."""
    asked = read_chat(body)
    try:
        reply = reply_to(asked)
        _check_size(asked, reply)
    except Refusal as refusal:
        return refusal_plan(refusal, asked.script)
    replies = [reply] * asked.answers
    head = {"id": id_of("chatcmpl-", body), "created": CREATED, "model": asked.model}
    if asked.stream:
        return _streamed(asked, replies, head)
    if asked.script.error_after is not None:
        return refusal_plan(
            Refusal("the script ends this answer with an error", status=500, code="scripted_error"), asked.script
        )
    members: dict[str, Any] = {**head, "object": "chat.completion"}
    members["choices"] = [_choice(asked, reply, place) for place, reply in enumerate(replies)]
    usage = usage_of(asked, replies)
    return whole_plan({**members, **({"usage": usage} if usage is not None else {})}, asked.script)


def _check_size(asked: Asked, reply: Reply) -> None:
    """Refuse an answer that would take too much memory, for all of it is planned at once; raises `Refusal`."""
    pieces = len(reply.tokens) + len(reply.reasoning)
    letters = len(reply.text) + sum(map(len, reply.reasoning)) + len(reply.refusal or "")
    letters += sum(len(call.arguments) for call in reply.calls)
    each = _FRAME_BYTES + len(encoded(asked.model)) if asked.stream else 0
    if asked.logprobs:
        each += _LOGPROB_BYTES * (1 + asked.top_logprobs)
    if asked.answers * (pieces * each + letters * _LETTER_BYTES) > _MOST_BYTES:
        raise Refusal("the answer would be too large for an echo; ask for fewer or shorter ones, or a whole one")


def _choice(asked: Asked, reply: Reply, place: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": reply.refusal}
    if not reply.calls and reply.refusal is None:
        message["content"] = reply.text
    if reply.reasoning:
        message["reasoning_content"] = "".join(reply.reasoning)
    if reply.calls:
        message["tool_calls"] = [_called(asked, reply, place, number) for number in range(len(reply.calls))]
    logprobs = _logprobs(asked, reply.tokens)
    return {"index": place, "message": message, "logprobs": logprobs, "finish_reason": reply.finish}


def _called(asked: Asked, reply: Reply, place: int, number: int) -> dict[str, Any]:
    call = reply.calls[number]
    id_ = id_of("call_", asked.prompt, call, place, number)
    return {"id": id_, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _logprobs(asked: Asked, tokens: Sequence[str], first: int = 0) -> dict[str, Any] | None:
    """Give the probabilities of tokens, None where nobody asks; `first` is the place of the first in its answer."""
    if not asked.logprobs:
        return None
    told = [_logprob(token, number, asked.top_logprobs) for number, token in enumerate(tokens, first)]
    return {"content": told, "refusal": None}


def _logprob(token: str, number: int, top: int) -> dict[str, Any]:
    """Give a token a probability by its place: -0.01, -0.02, and so on up to -1."""
    one = {"token": token, "logprob": -((number % 100) + 1) / 100, "bytes": list(token.encode("utf-8", "replace"))}
    others = [{"token": f"{token}~{rank}", "logprob": -float(rank + 1), "bytes": None} for rank in range(1, top)]
    return {**one, "top_logprobs": [dict(one), *others] if top else []}


def _streamed(asked: Asked, replies: Sequence[Reply], head: Mapping[str, Any]) -> Plan:
    head = {**head, "object": "chat.completion.chunk"}

    def chunk(choices: list[Any], usage: object = None) -> dict[str, Any]:
        members = {**head, "choices": choices}
        return {**members, "usage": usage} if asked.stream_usage else members

    roles: list[Any] = []
    pieces: list[Any] = []
    ends: list[Any] = []
    for place, reply in enumerate(replies):
        roles.append(chunk([_piece(place, {"role": "assistant", "content": "", "refusal": None})]))
        for delta, logprobs in _deltas(asked, reply, place):
            pieces.append(chunk([_piece(place, delta, logprobs)]))
        ends.append(chunk([_piece(place, {}, finish=reply.finish)]))
    usage = usage_of(asked, replies) if asked.stream_usage else None
    if usage is not None:
        ends.append(chunk([], usage))
    return stream_plan(pieces, ends, asked.script, head=roles)


def _piece(place: int, delta: dict[str, Any], logprobs: object = None, finish: str | None = None) -> dict[str, Any]:
    return {"index": place, "delta": delta, "logprobs": logprobs, "finish_reason": finish}


def _deltas(asked: Asked, reply: Reply, place: int) -> Iterator[tuple[dict[str, Any], object]]:
    """Give what is streamed of one reply, piece by piece, with its probabilities."""
    for word in reply.reasoning:
        yield {"reasoning_content": word}, None
    for number, token in enumerate(reply.tokens):
        yield {"content": token}, _logprobs(asked, (token,), number)
    if reply.refusal is not None:
        yield {"refusal": reply.refusal}, None
    for number in range(len(reply.calls)):
        call = _called(asked, reply, place, number)
        arguments = call["function"]["arguments"]
        begun = {**call, "index": number, "function": {**call["function"], "arguments": ""}}
        yield {"tool_calls": [begun]}, None
        half = len(arguments) // 2
        for part in (arguments[:half], arguments[half:]):
            yield {"tool_calls": [{"index": number, "function": {"arguments": part}}]}, None
