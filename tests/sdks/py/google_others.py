"""The official `google-genai` SDK, embedContent, countTokens and models."""

from typing import Any

from google import genai
from google.genai import types
from running import (
    DIMENSIONS,
    ESTIMATED,
    QUESTION,
    TEXT,
    TEXTS,
    TIMEOUT_S,
    Result,
    Task,
    counted,
    embedded,
    lasting,
    listed,
    run,
)


@lasting
def client(task: Task) -> genai.Client:
    options = types.HttpOptions(base_url=task["base"], timeout=TIMEOUT_S * 1000)
    return genai.Client(api_key=task["token"], http_options=options)


def embed(task: Task, given: Any, **config: Any) -> Result:
    asked = types.EmbedContentConfig(**config) if config else None
    answer = client(task).models.embed_content(model=task["model"], contents=given, config=asked)
    told = answer.usage_metadata
    return embedded([item.values for item in answer.embeddings], usage=told.prompt_token_count if told else None)


def count(task: Task) -> Result:
    answer = client(task).models.count_tokens(model=task["model"], contents=QUESTION)
    return counted(answer.total_tokens, answer.sdk_http_response.headers.get(ESTIMATED))


def models(task: Task) -> Result:
    return listed(*(model.name or "" for model in client(task).models.list()))


def model(task: Task) -> Result:
    return listed(client(task).models.get(model=task["model"]).name)


run(
    {
        "embed": lambda task: embed(task, TEXT),
        "embed_several": lambda task: embed(task, TEXTS),
        "embed_short": lambda task: embed(task, TEXT, output_dimensionality=DIMENSIONS),
        "count": count,
        "list_models": models,
        "get_model": model,
        "get_no_model": model,
    }
)
