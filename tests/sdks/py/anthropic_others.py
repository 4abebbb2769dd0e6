"""The official `anthropic` SDK, counts of tokens and models."""

from typing import Any

import anthropic
from running import (
    ESTIMATED,
    QUESTION,
    SYSTEM,
    TIMEOUT_S,
    TOOL,
    TOOL_SCHEMA,
    TOOL_TEXT,
    Result,
    Task,
    counted,
    lasting,
    listed,
    run,
)

ASKED = [{"role": "user", "content": QUESTION}]
TOOLS = [{"name": TOOL, "description": TOOL_TEXT, "input_schema": TOOL_SCHEMA}]


@lasting
def client(task: Task) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=task["base"], api_key=task["token"], max_retries=0, timeout=TIMEOUT_S)


def count(task: Task, **more: Any) -> Result:
    answer = client(task).messages.with_raw_response.count_tokens(model=task["model"], messages=ASKED, **more)
    return counted(answer.parse().input_tokens, answer.headers.get(ESTIMATED))


def name_of(model: Any) -> str:
    """Give a model's name; raises `AttributeError` where it was told in another vendor's shape."""
    return str(model.id) if model.type == "model" and model.display_name else ""


def models(task: Task) -> Result:
    return listed(*map(name_of, client(task).models.list()))


def model(task: Task) -> Result:
    return listed(name_of(client(task).models.retrieve(task["model"])))


run(
    {
        "count": count,
        "count_tools": lambda task: count(task, system=SYSTEM, tools=TOOLS),
        "list_models": models,
        "get_model": model,
        "get_no_model": model,
    }
)
