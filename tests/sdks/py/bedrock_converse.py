"""The official `boto3` SDK, Bedrock's Converse, with an API key for its credential."""

import base64
import json
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from running import (
    ANSWER_NAME,
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

ASKED = {"role": "user", "content": [{"text": QUESTION}]}
TOOLS = {
    "tools": [{"toolSpec": {"name": TOOL, "description": TOOL_TEXT, "inputSchema": {"json": TOOL_SCHEMA}}}],
}
ANSWER = {"jsonSchema": {"name": ANSWER_NAME, "schema": json.dumps(ANSWER_SCHEMA)}}
FORMAT = {"textFormat": {"type": "json_schema", "structure": ANSWER}}
PICTURE = {
    "role": "user",
    "content": [{"image": {"format": "png", "source": {"bytes": base64.b64decode(IMAGE)}}}, {"text": QUESTION}],
}
SESSION = boto3.Session(region_name="us-east-1")
ONCE = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, read_timeout=TIMEOUT_S)


@lasting
def client(task: Task) -> Any:
    """Make a client that shows an API key; its own way to do so wants TLS, which a gateway on this machine has not."""

    def show(request: Any, **_: Any) -> None:
        request.headers["Authorization"] = f"Bearer {task['token']}"

    sdk = SESSION.client("bedrock-runtime", endpoint_url=task["base"], config=ONCE)
    sdk.meta.events.register("request-created.bedrock-runtime", show)
    return sdk


def ask(task: Task, *messages: Any, **more: Any) -> Any:
    return client(task).converse(modelId=task["model"], messages=list(messages), **more)


def follow(task: Task, **more: Any) -> Result:
    text, stop, usage = "", None, None
    calls: dict[int, list[str]] = {}
    for event in client(task).converse_stream(modelId=task["model"], messages=[ASKED], **more)["stream"]:
        started = event.get("contentBlockStart", {})
        if "toolUse" in started.get("start", {}):
            calls[started["contentBlockIndex"]] = [started["start"]["toolUse"]["name"], ""]
        moved = event.get("contentBlockDelta", {})
        text += moved.get("delta", {}).get("text", "")
        if "toolUse" in moved.get("delta", {}):
            calls[moved["contentBlockIndex"]][1] += moved["delta"]["toolUse"]["input"]
        stop = event.get("messageStop", {}).get("stopReason", stop)
        usage = event.get("metadata", {}).get("usage", usage)
    return result(text, [(name, given) for name, given in calls.values()], stop, used(usage))


def used(usage: Any) -> tuple[int, int] | None:
    if not usage:
        return None
    cached = usage.get("cacheReadInputTokens", 0) + usage.get("cacheWriteInputTokens", 0)
    return (usage["inputTokens"] + cached, usage["outputTokens"])


def said(answer: Any) -> Result:
    content = answer["output"]["message"]["content"]
    calls = [(block["toolUse"]["name"], block["toolUse"]["input"]) for block in content if "toolUse" in block]
    text = "".join(block.get("text", "") for block in content)
    return result(text, calls, answer["stopReason"], used(answer.get("usage")))


def tools(task: Task) -> Result:
    first = ask(task, ASKED, toolConfig=TOOLS)
    message = first["output"]["message"]
    given = [
        {"toolResult": {"toolUseId": block["toolUse"]["toolUseId"], "content": [{"text": TOOL_RESULT}]}}
        for block in message["content"]
        if "toolUse" in block
    ]
    last = ask(task, ASKED, message, {"role": "user", "content": given}, toolConfig=TOOLS)
    return {**said(first), "then": said(last)["text"]}


run(
    {
        "plain": lambda task: said(ask(task, ASKED)),
        "stream": follow,
        "tools": tools,
        "tools_stream": lambda task: follow(task, toolConfig=TOOLS),
        "structured": lambda task: said(ask(task, ASKED, outputConfig=FORMAT)),
        "image": lambda task: said(ask(task, PICTURE)),
    }
)
