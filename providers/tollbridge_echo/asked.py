"""What a chat request asks for, as far as an echo must know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tollbridge_echo.refusals import Refusal
from tollbridge_echo.script import Script, read_script, split_message

NAMES = ("say", "embed")
"""The models there are."""
MOST_ANSWERS = 128
MOST_CHARACTERS = 4_000_000
"""Characters of all messages together, and of one answer."""
_MOST_STOPS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """A chat request.

    `words` are what is echoed: the user's last, or a tool's result where that is the last message (`returned`). `tools`
    are schemas by name, `wanted` the tool that must be called, empty for none.
    """

    model: str
    script: Script
    words: str
    returned: bool
    prompt: tuple[str, ...]
    stream: bool = False
    stream_usage: bool = False
    answers: int = 1
    limit: int | None = None
    stop: tuple[str, ...] = ()
    tools: Mapping[str, Any] = field(default_factory=dict)
    wanted: str = ""
    format: str = ""
    schema: Any = None
    logprobs: bool = False
    top_logprobs: int = 0


def read_model(body: Mapping[str, Any]) -> tuple[str, Script]:
    """Read the name of the model, and the script in it."""
    model = body.get("model")
    if not isinstance(model, str):
        raise Refusal("the field 'model' must be a text", param="model")
    name, _, script = model.partition("?")
    if name not in NAMES:
        raise Refusal(f"there is no model {name[:80]!r} here; there are: {', '.join(NAMES)}", status=404, param="model")
    return model, read_script(script, "model")


def read_chat(body: Mapping[str, Any]) -> Asked:
    """Read a chat request; raises `Refusal` naming what is wrong."""
    model, script = read_model(body)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise Refusal("the field 'messages' must be a list of messages, one at least", param="messages")
    texts = tuple(_text(message.get("content")) for message in messages)
    if sum(map(len, texts)) > MOST_CHARACTERS:
        said = f"the messages have more than {MOST_CHARACTERS} characters together"
        raise Refusal(said, param="messages", code="context_length_exceeded")
    users = [text for text, message in zip(texts, messages, strict=True) if message.get("role") == "user"]
    told, words = split_message(users[-1] if users else "")
    if told is not None:
        script = read_script(told, "messages", script)
    returned = messages[-1].get("role") == "tool"
    options = body.get("stream_options")
    tools = _tools(body)
    form, schema = _format(body)
    return Asked(
        model=model,
        script=script,
        words=texts[-1] if returned else words,
        returned=returned,
        prompt=texts,
        stream=bool(body.get("stream")),
        stream_usage=isinstance(options, dict) and bool(options.get("include_usage")),
        answers=_whole(body, "n", MOST_ANSWERS) or 1,
        limit=_whole(body, "max_completion_tokens") or _whole(body, "max_tokens"),
        stop=_stop(body.get("stop")),
        tools=tools,
        wanted=_wanted(body.get("tool_choice"), tools),
        format=form,
        schema=schema,
        logprobs=bool(body.get("logprobs")),
        top_logprobs=_whole(body, "top_logprobs", 20) or 0,
    )


def _text(content: object) -> str:
    """Give the words of a message; pictures and the like have none."""
    if isinstance(content, str):
        return content
    parts: Sequence[Any] = content if isinstance(content, list) else ()
    found = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(text for text in found if isinstance(text, str))


def _whole(body: Mapping[str, Any], name: str, most: int = 10**9) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refusal(f"the field {name!r} must be a whole number up to {most}", param=name)
    return value


def _stop(stop: object) -> tuple[str, ...]:
    listed = stop if isinstance(stop, list) else [stop]
    if len(listed) > _MOST_STOPS:
        raise Refusal(f"the field 'stop' must have at most {_MOST_STOPS} texts", param="stop")
    return tuple(word for word in listed if isinstance(word, str) and word)


def _tools(body: Mapping[str, Any]) -> dict[str, Any]:
    tools = body.get("tools")
    found: dict[str, Any] = {}
    for tool in tools if isinstance(tools, list) else ():
        inner = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            found[inner["name"]] = inner.get("parameters")
    return found


def _wanted(choice: object, tools: Mapping[str, Any]) -> str:
    """Give the tool that a choice names, the first of all where it says that one must be called."""
    if choice == "required":
        return next(iter(tools), "")
    inner = choice.get("function") if isinstance(choice, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else None
    if name is None:
        return ""
    if not isinstance(name, str) or name not in tools:
        raise Refusal("the field 'tool_choice' names a tool that is not among the tools", param="tool_choice")
    return name


def _format(body: Mapping[str, Any]) -> tuple[str, Any]:
    form = body.get("response_format")
    if not isinstance(form, dict):
        return "", None
    inner = form.get("json_schema")
    return str(form.get("type") or ""), inner.get("schema") if isinstance(inner, dict) else None
