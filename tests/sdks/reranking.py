"""Reranking: who is asked, by whom."""

from tests.sdks.answers import at_voyage
from tests.sdks.refusals import cohere_refusal, voyage_refusal
from tests.sdks.table import Client, Family, Kind

_BEST_TWO = "ruby_llm--rerank-reranking-with-cohere-rerank-v3-5-limits-results-with-top-n-b1955e"

_FAMILIES = (
    Family(
        "cohere_rerank",
        "Cohere",
        "cohere-v2",
        "/v2",
        "cohere-others-py",
        cohere_refusal,
        {
            "rank": "ruby_llm--rerank-reranking-with-cohere-rerank-v3-5-orders-documents-by-relevance-and-resolves-"
            "them-f-31b804",
            "rank_top": _BEST_TWO,
            "rank_echo": _BEST_TWO,
        },
        model="rerank-v3.5",
    ),
    Family(
        "voyage_rerank",
        "Voyage",
        "openai-chat",
        "/v1",
        "voyage-top-k",
        voyage_refusal,
        {"rank_top": at_voyage("voyage_rerank/openllmetry--test-rerank-test-voyageai-rerank-async-legacy-2f1be8")},
        model="rerank-2-lite",
        known="voyage",
    ),
)

_CLIENTS = (
    Client(
        "cohere-others-py",
        "cohere",
        "cohere-v2",
        ("py/cohere_others.py",),
        "python-sdks",
        cannot=frozenset(("rank_echo",)),
    ),
    Client("rerank-top-n", "HTTP alone, with `top_n`", "openai-chat", ("py/plain_http.py",), "python-sdks"),
    Client("voyage-top-k", "HTTP alone, with `top_k`", "openai-chat", ("py/plain_http.py", "top_k"), "python-sdks"),
)

RERANKING = Kind(
    "Reranking",
    """\
Calls: documents in order, the best two of them, and those with their texts where the client has a word for that. There
is no SDK for `/v1/rerank`, which several vendors have, Voyage with `top_k`, most with `top_n`.""",
    ("rank", "rank_top", "rank_echo"),
    _FAMILIES,
    _CLIENTS,
    like={"rank_echo": "rank_top"},
)
