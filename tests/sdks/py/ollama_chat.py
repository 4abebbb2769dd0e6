"""The official `ollama` SDK, chat."""

from collections.abc import Sequence
from typing import Any

import ollama
from running import (
    ANSWER_SCHEMA,
    IMAGE,
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
PICTURE = {**ASKED, "images": [IMAGE]}


@lasting
def client(task: Task) -> ollama.Client:
    return ollama.Client(task["base"], headers={"Authorization": f"Bearer {task['token']}"}, timeout=TIMEOUT_S)


def ask(task: Task, *messages: Any, **more: Any) -> Any:
    return client(task).chat(model=task["model"], messages=list(messages), **more)


def follow(task: Task, **more: Any) -> Result:
    return said(list(ask(task, ASKED, stream=True, **more)))


def said(chunks: Sequence[Any]) -> Result:
    text = "".join(chunk.message.content or "" for chunk in chunks)
    calls = [
        (call.function.name, dict(call.function.arguments))
        for chunk in chunks
        for call in chunk.message.tool_calls or ()
    ]
    last = chunks[-1]
    tokens = None if last.eval_count is None else (last.prompt_eval_count or 0, last.eval_count)
    return result(text, calls, last.done_reason, tokens)


def tools(task: Task) -> Result:
    first = ask(task, ASKED, tools=TOOLS)
    given = [{"role": "tool", "tool_name": call.function.name, "content": TOOL_RESULT}
             for call in first.message.tool_calls or ()]  # fmt: skip
    last = ask(task, ASKED, first.message, *given, tools=TOOLS)
    return {**said([first]), "then": said([last])["text"]}


run(
    {
        "plain": lambda task: said([ask(task, ASKED)]),
        "stream": follow,
        "tools": tools,
        "tools_stream": lambda task: follow(task, tools=TOOLS),
        "structured": lambda task: said([ask(task, ASKED, format=ANSWER_SCHEMA)]),
        "image": lambda task: said([ask(task, PICTURE)]),
    }
)
