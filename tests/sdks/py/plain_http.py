"""No SDK at all: what has none of its own, in HTTP.  The command line may name what says how many are wanted."""

import sys
from typing import Any

import httpx
from running import BEST, DIMENSIONS, DOCUMENTS, QUERY, TEXT, TEXTS, TIMEOUT_S, Result, Task, embedded, lasting, run

TOP = {sys.argv[1] if len(sys.argv) > 1 else "top_n": BEST}


@lasting
def client(task: Task) -> httpx.Client:
    headers = {"Authorization": f"Bearer {task['token']}"}
    return httpx.Client(base_url=task["base"], headers=headers, timeout=TIMEOUT_S, trust_env=False)


def ask(task: Task, path: str, body: Any) -> Any:
    """Send a body; raises `httpx.HTTPStatusError` for a refusal."""
    answer = client(task).post(path, json=body)
    answer.raise_for_status()
    return answer.json()


def embed(task: Task, given: Any, **more: Any) -> Result:
    found = ask(task, f"/models/{task['model']}/pipeline/feature-extraction", {"inputs": given, **more})
    return embedded(found if isinstance(found[0], list) else [found])


def rank(task: Task, **more: Any) -> Result:
    """Rank; hosts call the ranks `results` or `data`, and tell searches or tokens."""
    asked = {"model": task["model"], "query": QUERY, "documents": DOCUMENTS, **more}
    answer = ask(task, "/v1/rerank", asked)
    ranks = answer.get("results", answer.get("data"))
    texts = [item["document"]["text"] for item in ranks if "document" in item]
    assert texts == ([DOCUMENTS[item["index"]] for item in ranks] if "return_documents" in more else [])
    searches = answer.get("meta", {}).get("billed_units", {}).get("search_units")
    usage = [searches, answer.get("usage", {}).get("total_tokens")]
    return {"ranks": [[item["index"], item["relevance_score"]] for item in ranks], "usage": usage}


run(
    {
        "embed": lambda task: embed(task, TEXT),
        "embed_several": lambda task: embed(task, TEXTS),
        "embed_short": lambda task: embed(task, TEXT, dimensions=DIMENSIONS),
        "rank": rank,
        "rank_top": lambda task: rank(task, **TOP),
        "rank_echo": lambda task: rank(task, **TOP, return_documents=True),
    }
)
