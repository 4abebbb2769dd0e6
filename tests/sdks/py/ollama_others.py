"""The official `ollama` SDK, embeddings and models."""

from typing import Any

import ollama
from running import DIMENSIONS, TEXT, TEXTS, TIMEOUT_S, Result, Task, embedded, lasting, listed, run


@lasting
def client(task: Task) -> ollama.Client:
    return ollama.Client(task["base"], headers={"Authorization": f"Bearer {task['token']}"}, timeout=TIMEOUT_S)


def embed(task: Task, given: Any, **more: Any) -> Result:
    answer = client(task).embed(model=task["model"], input=given, **more)
    return embedded(answer.embeddings, usage=answer.prompt_eval_count)


def model(task: Task) -> Result:
    """Ask for one model, whose answer does not name it."""
    client(task).show(task["model"])
    return listed(task["model"])


run(
    {
        "embed": lambda task: embed(task, TEXT),
        "embed_several": lambda task: embed(task, TEXTS),
        "embed_short": lambda task: embed(task, TEXT, dimensions=DIMENSIONS),
        "list_models": lambda task: listed(*(model.model for model in client(task).list().models)),
        "get_model": model,
        "get_no_model": model,
    }
)
