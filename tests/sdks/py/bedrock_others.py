"""The official `boto3` SDK, counts of tokens and models of Bedrock, with an API key for its credential."""

from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
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
    listed,
    run,
)

ASKED = [{"role": "user", "content": [{"text": QUESTION}]}]
TOOLS = {
    "tools": [{"toolSpec": {"name": TOOL, "description": TOOL_TEXT, "inputSchema": {"json": TOOL_SCHEMA}}}],
}
SESSION = boto3.Session(region_name="us-east-1")
ONCE = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, read_timeout=TIMEOUT_S)


def client(task: Task, service: str) -> Any:
    """Make a client that shows an API key; its own way to do so wants TLS, which a gateway on this machine has not."""

    def show(request: Any, **_: Any) -> None:
        request.headers["Authorization"] = f"Bearer {task['token']}"

    sdk = SESSION.client(service, endpoint_url=task["base"], config=ONCE)
    sdk.meta.events.register(f"request-created.{service}", show)
    return sdk


def count(task: Task, **more: Any) -> Result:
    asked = {"converse": {"messages": ASKED, **more}}
    answer = client(task, "bedrock-runtime").count_tokens(modelId=task["model"], input=asked)
    return counted(answer["inputTokens"], answer["ResponseMetadata"]["HTTPHeaders"].get(ESTIMATED))


def models(task: Task) -> Result:
    found = client(task, "bedrock").list_foundation_models()["modelSummaries"]
    return listed(*(model["modelId"] for model in found))


def model(task: Task) -> Result:
    found = client(task, "bedrock").get_foundation_model(modelIdentifier=task["model"])
    return listed(found["modelDetails"]["modelId"])


run(
    {
        "count": count,
        "count_tools": lambda task: count(task, system=[{"text": SYSTEM}], toolConfig=TOOLS),
        "list_models": models,
        "get_model": model,
        "get_no_model": model,
    }
)
