"""The official `mistralai` SDK, embeddings and models."""

from typing import Any

from mistralai.client import Mistral
from running import DIMENSIONS, TEXT, TEXTS, TIMEOUT_S, Result, Task, embedded, lasting, listed, run


@lasting
def client(task: Task) -> Mistral:
    return Mistral(server_url=task["base"], api_key=task["token"], timeout_ms=TIMEOUT_S * 1000)


def embed(task: Task, given: Any, **more: Any) -> Result:
    answer = client(task).embeddings.create(model=task["model"], inputs=given, **more)
    return embedded([item.embedding for item in answer.data], usage=answer.usage.total_tokens)


def models(task: Task) -> Result:
    return listed(*(model.id for model in client(task).models.list().data))


def model(task: Task) -> Result:
    return listed(client(task).models.retrieve(model_id=task["model"]).id)


run(
    {
        "embed": lambda task: embed(task, TEXT),
        "embed_several": lambda task: embed(task, TEXTS),
        "embed_short": lambda task: embed(task, TEXT, output_dimension=DIMENSIONS),
        "embed_floats": lambda task: embed(task, TEXT, encoding_format="float"),
        "list_models": models,
        "get_model": model,
        "get_no_model": model,
    }
)
