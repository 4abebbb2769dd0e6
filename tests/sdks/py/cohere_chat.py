"""The official `cohere` SDK, chat of its version 2."""

from typing import Any

import cohere
from running import (
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
FORMAT = {"type": "json_object", "json_schema": ANSWER_SCHEMA}
PICTURE = {"role": "user", "content": [{"type": "text", "text": QUESTION},
                                       {"type": "image_url", "image_url": {"url": IMAGE_URL}}]}  # fmt: skip
ONCE = {"max_retries": 0}


@lasting
def client(task: Task) -> cohere.ClientV2:
    return cohere.ClientV2(base_url=task["base"], api_key=task["token"], timeout=TIMEOUT_S)


def ask(task: Task, *messages: Any, **more: Any) -> Any:
    return client(task).chat(model=task["model"], messages=list(messages), request_options=ONCE, **more)


def follow(task: Task, **more: Any) -> Result:
    text, stop, tokens = "", None, None
    calls: list[list[str]] = []
    for event in client(task).chat_stream(model=task["model"], messages=[ASKED], request_options=ONCE, **more):
        if event.type == "content-delta":
            text += event.delta.message.content.text or ""
        elif event.type == "tool-call-start":
            function = event.delta.message.tool_calls.function
            calls.append([function.name, function.arguments or ""])
        elif event.type == "tool-call-delta":
            calls[-1][1] += event.delta.message.tool_calls.function.arguments or ""
        elif event.type == "message-end":
            stop, tokens = event.delta.finish_reason, used(event.delta.usage)
    return result(text, [(name, given) for name, given in calls], stop, tokens)


def used(usage: Any) -> tuple[int, int] | None:
    """Give the tokens that Cohere bills; those it counts besides are its own prompt."""
    billed = usage.billed_units if usage else None
    return (int(billed.input_tokens or 0), int(billed.output_tokens or 0)) if billed else None


def said(answer: Any) -> Result:
    text = "".join(part.text for part in answer.message.content or () if part.type == "text")
    calls = [(call.function.name, call.function.arguments) for call in answer.message.tool_calls or ()]
    return result(text, calls, answer.finish_reason, used(answer.usage))


def tools(task: Task) -> Result:
    first = ask(task, ASKED, tools=TOOLS)
    given = [{"role": "tool", "tool_call_id": call.id, "content": TOOL_RESULT}
             for call in first.message.tool_calls or ()]  # fmt: skip
    last = ask(task, ASKED, first.message, *given, tools=TOOLS)
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
