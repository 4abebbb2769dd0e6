"""The official `cohere` SDK, embeddings, reranking and models of its version 2."""

from collections.abc import Sequence
from typing import Any

import cohere
from running import (
    BEST,
    DIMENSIONS,
    DOCUMENTS,
    QUERY,
    TEXT,
    TEXTS,
    TIMEOUT_S,
    Result,
    Task,
    embedded,
    lasting,
    listed,
    run,
    unpacked,
)

ONCE = {"max_retries": 0}


@lasting
def client(task: Task) -> cohere.ClientV2:
    return cohere.ClientV2(base_url=task["base"], api_key=task["token"], timeout=TIMEOUT_S)


def embed(task: Task, *texts: str, encodings: Sequence[str] = ("float",), **more: Any) -> Result:
    """Embed, as documents; `encodings` are what the SDK wants named."""
    asked = {"model": task["model"], "input_type": "search_document", "embedding_types": list(encodings), **more}
    answer = client(task).embed(texts=list(texts), request_options=ONCE, **asked)
    billed = answer.meta.billed_units if answer.meta else None
    found = answer.embeddings
    vectors = found.float_ if "float" in encodings else [unpacked(one) for one in found.base64]
    return embedded(vectors, usage=None if billed is None or billed.input_tokens is None else int(billed.input_tokens))


def rank(task: Task, **more: Any) -> Result:
    answer = client(task).rerank(model=task["model"], query=QUERY, documents=DOCUMENTS, request_options=ONCE, **more)
    billed = answer.meta.billed_units if answer.meta else None
    usage = [billed.search_units, billed.input_tokens] if billed else []
    return {"ranks": [[item.index, item.relevance_score] for item in answer.results], "usage": usage}


def model(task: Task) -> Result:
    return listed(client(task).models.get(task["model"], request_options=ONCE).name)


run(
    {
        "embed": lambda task: embed(task, TEXT),
        "embed_several": lambda task: embed(task, *TEXTS),
        "embed_short": lambda task: embed(task, TEXT, output_dimension=DIMENSIONS),
        "embed_floats": lambda task: embed(task, TEXT, encodings=("float", "base64")),
        "embed_packed": lambda task: embed(task, TEXT, encodings=("base64",)),
        "rank": rank,
        "rank_top": lambda task: rank(task, top_n=BEST),
        "list_models": lambda task: listed(*(model.name for model in client(task).models.list().models)),
        "get_model": model,
        "get_no_model": model,
    }
)
