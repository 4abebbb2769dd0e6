"""The official `google-genai` SDK, generateContent."""

import base64
from collections.abc import Sequence
from typing import Any

from google import genai
from google.genai import types
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

ASKED = types.Content(role="user", parts=[types.Part.from_text(text=QUESTION)])
DECLARED = types.FunctionDeclaration(name=TOOL, description=TOOL_TEXT, parameters_json_schema=TOOL_SCHEMA)
TOOLS = {"tools": [types.Tool(function_declarations=[DECLARED])]}
FORMAT = {"response_mime_type": "application/json", "response_json_schema": ANSWER_SCHEMA}
PICTURE = types.Content(
    role="user",
    parts=[types.Part.from_bytes(data=base64.b64decode(IMAGE), mime_type="image/png"), ASKED.parts[0]],
)


@lasting
def client(task: Task) -> genai.Client:
    options = types.HttpOptions(base_url=task["base"], timeout=TIMEOUT_S * 1000)
    return genai.Client(api_key=task["token"], http_options=options)


def ask(task: Task, *contents: Any, **config: Any) -> Any:
    return client(task).models.generate_content(
        model=task["model"], contents=list(contents), config=types.GenerateContentConfig(**config)
    )


def follow(task: Task, **config: Any) -> Result:
    asked = {"model": task["model"], "contents": [ASKED], "config": types.GenerateContentConfig(**config)}
    return said(list(client(task).models.generate_content_stream(**asked)))


def said(chunks: Sequence[Any]) -> Result:
    candidates = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
    parts = [part for one in candidates if one.content for part in one.content.parts or ()]
    text = "".join(part.text for part in parts if part.text and not part.thought)
    calls = [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]
    stops = [one.finish_reason for one in candidates if one.finish_reason]
    usages = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    tokens = None
    if usages:
        last = usages[-1]
        output = (last.candidates_token_count or 0) + (last.thoughts_token_count or 0)
        tokens = ((last.prompt_token_count or 0) + (last.tool_use_prompt_token_count or 0), output)
    return result(text, calls, stops[-1] if stops else None, tokens)


def tools(task: Task) -> Result:
    first = ask(task, ASKED, **TOOLS)
    content = first.candidates[0].content
    given = [
        types.Part(
            function_response=types.FunctionResponse(
                id=part.function_call.id, name=part.function_call.name, response={"result": TOOL_RESULT}
            )
        )
        for part in content.parts
        if part.function_call
    ]
    last = ask(task, ASKED, content, types.Content(role="user", parts=given), **TOOLS)
    return {**said([first]), "then": said([last])["text"]}


run(
    {
        "plain": lambda task: said([ask(task, ASKED)]),
        "stream": follow,
        "tools": tools,
        "tools_stream": lambda task: follow(task, **TOOLS),
        "structured": lambda task: said([ask(task, ASKED, **FORMAT)]),
        "image": lambda task: said([ask(task, PICTURE)]),
    }
)
