"""The official `mistralai` SDK, chat."""

from typing import Any

from mistralai.client import Mistral
from running import (
    ANSWER_NAME,
    ANSWER_SCHEMA,
    IMAGE_URL,
    QUESTION,
    TIMEOUT_S,
    TOOL,
    TOOL_RESULT,
    TOOL_SCHEMA,
    TOOL_TEXT,
    Result,
    Task,
    lasting,
    result,
    run,
)

ASKED = {"role": "user", "content": QUESTION}
TOOLS = [{"type": "function", "function": {"name": TOOL, "description": TOOL_TEXT, "parameters": TOOL_SCHEMA}}]
FORMAT = {"type": "json_schema", "json_schema": {"name": ANSWER_NAME, "schema": ANSWER_SCHEMA, "strict": True}}
PICTURE = {"role": "user", "content": [{"type": "text", "text": QUESTION},
                                       {"type": "image_url", "image_url": IMAGE_URL}]}  # fmt: skip


@lasting
def client(task: Task) -> Mistral:
    return Mistral(server_url=task["base"], api_key=task["token"], timeout_ms=TIMEOUT_S * 1000)


def ask(task: Task, *messages: Any, **more: Any) -> Any:
    return client(task).chat.complete(model=task["model"], messages=list(messages), **more)


def follow(task: Task, **more: Any) -> Result:
    text, stop, tokens = "", None, None
    calls: dict[int, list[str]] = {}
    with client(task).chat.stream(model=task["model"], messages=[ASKED], **more) as stream:
        for event in stream:
            chunk = event.data
            tokens = used(chunk.usage) or tokens
            for choice in chunk.choices:
                text += words(choice.delta.content)
                stop = choice.finish_reason or stop
                for call in choice.delta.tool_calls or ():
                    found = calls.setdefault(call.index or 0, ["", ""])
                    found[0] = call.function.name or found[0]
                    found[1] += call.function.arguments
    return result(text, [(name, given) for name, given in calls.values()], stop, tokens)


def words(content: Any) -> str:
    """Read content that is a text, or a list of parts."""
    if isinstance(content, list):
        return "".join(part.text for part in content if part.type == "text")
    return content if isinstance(content, str) else ""


def used(usage: Any) -> tuple[int, int] | None:
    return (usage.prompt_tokens, usage.completion_tokens) if usage else None


def said(answer: Any) -> Result:
    choice = answer.choices[0]
    calls = [(call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()]
    return result(words(choice.message.content), calls, choice.finish_reason, used(answer.usage))


def tools(task: Task) -> Result:
    first = ask(task, ASKED, tools=TOOLS)
    message = first.choices[0].message
    given = [{"role": "tool", "tool_call_id": call.id, "name": call.function.name, "content": TOOL_RESULT}
             for call in message.tool_calls or ()]  # fmt: skip
    last = ask(task, ASKED, message, *given, tools=TOOLS)
    return {**said(first), "then": said(last)["text"]}


run(
    {
        "plain": lambda task: said(ask(task, ASKED)),
        "stream": follow,
        "tools": tools,
        "tools_stream": lambda task: follow(task, tools=TOOLS),
        "structured": lambda task: said(ask(task, ASKED, response_format=FORMAT)),
        "image": lambda task: said(ask(task, PICTURE)),
    }
)
