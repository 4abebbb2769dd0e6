"""The official `openai` SDK, embeddings and models."""

from typing import Any

import openai
from running import DIMENSIONS, TEXT, TEXTS, TIMEOUT_S, Result, Task, embedded, lasting, listed, run, unpacked


@lasting
def client(task: Task) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{task['base']}/v1", api_key=task["token"], max_retries=0, timeout=TIMEOUT_S)


def embed(task: Task, given: Any, **more: Any) -> Result:
    """Embed; the SDK unpacks what it asked for by itself, and leaves what the caller asked for."""
    answer = client(task).embeddings.create(model=task["model"], input=given, **more)
    vectors: list[Any] = [item.embedding for item in answer.data]
    total = answer.usage.total_tokens if answer.usage else None
    return embedded([unpacked(one) if isinstance(one, str) else one for one in vectors], usage=total)


def name_of(model: Any) -> str:
    """Give a model's name, none where it was told in another vendor's shape."""
    return str(model.id) if model.object == "model" and model.owned_by else ""


def models(task: Task) -> Result:
    return listed(*map(name_of, client(task).models.list()))


def model(task: Task) -> Result:
    return listed(name_of(client(task).models.retrieve(task["model"])))


run(
    {
        "embed": lambda task: embed(task, TEXT),
        "embed_several": lambda task: embed(task, TEXTS),
        "embed_short": lambda task: embed(task, TEXT, dimensions=DIMENSIONS),
        "embed_floats": lambda task: embed(task, TEXT, encoding_format="float"),
        "embed_packed": lambda task: embed(task, TEXT, encoding_format="base64"),
        "list_models": models,
        "get_model": model,
        "get_no_model": model,
    }
)
