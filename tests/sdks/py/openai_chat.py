"""The official `openai` SDK, Chat Completions."""

from typing import Any

import openai
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
                                       {"type": "image_url", "image_url": {"url": IMAGE_URL}}]}  # fmt: skip


@lasting
def client(task: Task) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{task['base']}/v1", api_key=task["token"], max_retries=0, timeout=TIMEOUT_S)


def ask(task: Task, *messages: Any, **more: Any) -> Any:
    return client(task).chat.completions.create(model=task["model"], messages=list(messages), **more)


def follow(task: Task, **more: Any) -> Any:
    asked = {"model": task["model"], "messages": [ASKED], "stream_options": {"include_usage": True}, **more}
    with client(task).chat.completions.stream(**asked) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion()


def said(answer: Any) -> Result:
    choice, usage = answer.choices[0], answer.usage
    calls = [(call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()]
    tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else None
    return result(choice.message.content, calls, choice.finish_reason, tokens)


def tools(task: Task) -> Result:
    first = ask(task, ASKED, tools=TOOLS)
    calls = first.choices[0].message.tool_calls or ()
    given = [{"role": "tool", "tool_call_id": call.id, "content": TOOL_RESULT} for call in calls]
    last = ask(task, ASKED, first.choices[0].message.to_dict(), *given, tools=TOOLS)
    return {**said(first), "then": said(last)["text"]}


run(
    {
        "plain": lambda task: said(ask(task, ASKED)),
        "stream": lambda task: said(follow(task)),
        "tools": tools,
        "tools_stream": lambda task: said(follow(task, tools=TOOLS)),
        "structured": lambda task: said(ask(task, ASKED, response_format=FORMAT)),
        "image": lambda task: said(ask(task, PICTURE)),
    }
)
