"""The official `anthropic` SDK, Messages."""

from typing import Any

import anthropic
from running import (
    ANSWER_SCHEMA,
    IMAGE,
    MOST_TOKENS,
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
TOOLS = [{"name": TOOL, "description": TOOL_TEXT, "input_schema": TOOL_SCHEMA}]
FORMAT = {"format": {"type": "json_schema", "schema": ANSWER_SCHEMA}}
SOURCE = {"type": "base64", "media_type": "image/png", "data": IMAGE}
PICTURE = {"role": "user", "content": [{"type": "image", "source": SOURCE}, {"type": "text", "text": QUESTION}]}


@lasting
def client(task: Task) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=task["base"], api_key=task["token"], max_retries=0, timeout=TIMEOUT_S)


def ask(task: Task, *messages: Any, **more: Any) -> Any:
    return client(task).messages.create(model=task["model"], max_tokens=MOST_TOKENS, messages=list(messages), **more)


def follow(task: Task, **more: Any) -> Any:
    asked = {"model": task["model"], "max_tokens": MOST_TOKENS, "messages": [ASKED], **more}
    with client(task).messages.stream(**asked) as stream:
        for _ in stream:
            pass
        return stream.get_final_message()


def said(answer: Any) -> Result:
    text = "".join(block.text for block in answer.content if block.type == "text")
    calls = [(block.name, block.input) for block in answer.content if block.type == "tool_use"]
    usage = answer.usage
    cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    return result(text, calls, answer.stop_reason, (usage.input_tokens + cached, usage.output_tokens))


def tools(task: Task) -> Result:
    first = ask(task, ASKED, tools=TOOLS)
    given = [{"type": "tool_result", "tool_use_id": block.id, "content": TOOL_RESULT}
             for block in first.content if block.type == "tool_use"]  # fmt: skip
    back = {"role": "assistant", "content": [block.to_dict() for block in first.content]}
    last = ask(task, ASKED, back, {"role": "user", "content": given}, tools=TOOLS)
    return {**said(first), "then": said(last)["text"]}


run(
    {
        "plain": lambda task: said(ask(task, ASKED)),
        "stream": lambda task: said(follow(task)),
        "tools": tools,
        "tools_stream": lambda task: said(follow(task, tools=TOOLS)),
        "structured": lambda task: said(ask(task, ASKED, output_config=FORMAT)),
        "image": lambda task: said(ask(task, PICTURE)),
    }
)
