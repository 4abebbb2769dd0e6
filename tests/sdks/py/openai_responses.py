"""The official `openai` SDK, Responses."""

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
TOOLS = [{"type": "function", "name": TOOL, "description": TOOL_TEXT, "parameters": TOOL_SCHEMA, "strict": False}]
FORMAT = {"format": {"type": "json_schema", "name": ANSWER_NAME, "schema": ANSWER_SCHEMA, "strict": True}}
PICTURE = {"role": "user", "content": [{"type": "input_text", "text": QUESTION},
                                       {"type": "input_image", "image_url": IMAGE_URL}]}  # fmt: skip


@lasting
def client(task: Task) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{task['base']}/v1", api_key=task["token"], max_retries=0, timeout=TIMEOUT_S)


def ask(task: Task, *items: Any, **more: Any) -> Any:
    return client(task).responses.create(model=task["model"], input=list(items), store=False, **more)


def follow(task: Task, **more: Any) -> Any:
    with client(task).responses.stream(model=task["model"], input=[ASKED], store=False, **more) as stream:
        for _ in stream:
            pass
        return stream.get_final_response()


def said(answer: Any) -> Result:
    calls = [(item.name, item.arguments) for item in answer.output if item.type == "function_call"]
    stop = answer.incomplete_details.reason if answer.incomplete_details else answer.status
    tokens = (answer.usage.input_tokens, answer.usage.output_tokens) if answer.usage else None
    return result(answer.output_text, calls, stop, tokens)


def tools(task: Task) -> Result:
    first = ask(task, ASKED, tools=TOOLS)
    given = [{"type": "function_call_output", "call_id": item.call_id, "output": TOOL_RESULT}
             for item in first.output if item.type == "function_call"]  # fmt: skip
    last = ask(task, ASKED, *(item.to_dict() for item in first.output), *given, tools=TOOLS)
    return {**said(first), "then": said(last)["text"]}


run(
    {
        "plain": lambda task: said(ask(task, ASKED)),
        "stream": lambda task: said(follow(task)),
        "tools": tools,
        "tools_stream": lambda task: said(follow(task, tools=TOOLS)),
        "structured": lambda task: said(ask(task, ASKED, text=FORMAT)),
        "image": lambda task: said(ask(task, PICTURE)),
    }
)
