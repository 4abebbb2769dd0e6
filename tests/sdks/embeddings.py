"""Embeddings: who is asked, by whom."""

from collections.abc import Mapping

from tests.sdks.answers import at_voyage, by_type, listed, made_up
from tests.sdks.refusals import (
    cohere_refusal,
    google_refusal,
    mistral_refusal,
    ollama_refusal,
    openai_refusal,
    voyage_refusal,
)
from tests.sdks.table import Case, Client, Family, Kind

_CALLS = ("embed", "embed_several", "embed_short", "embed_floats", "embed_packed")
_NUMBERS = [[0.5, -0.25, 0.125], [0.25, 0.5, -1.0], [1.0, 0.0, -0.5]]
_OLLAMA = {"model": "all-minilm", "total_duration": 14143917, "load_duration": 1019500, "prompt_eval_count": 8}
_OLLAMA_TYPES = "ollama 0.6, `EmbedResponse`"
_HUGGING_FACE = "huggingface_hub 2.4, `InferenceClient.feature_extraction`"


def _cases(one: Case, *, several: Case | None = None, short: Case | None = None) -> dict[str, Case]:
    """Give the answers of a provider by call; a text is asked for in three ways."""
    more = {"embed_several": several, "embed_short": short}
    said = {call: case for call, case in more.items() if case is not None}
    return {"embed": one, "embed_floats": one, "embed_packed": one, **said}


_FAMILIES = (
    Family(
        "openai_embeddings",
        "OpenAI",
        "openai-chat",
        "/v1",
        "openai-others-py",
        openai_refusal,
        _cases(
            listed("openai_embeddings/otel-contrib--test-async-embeddings-with-encoding-format-7e6865"),
            several=listed("openai_embeddings/dd-trace-py--openai-openai-embeddings-post-6efa595c-978f46"),
            short=listed("openai_embeddings/otel-contrib--test-embeddings-with-dimensions-33bbfc"),
        ),
        {404: "otel-contrib--test-async-embeddings-error-handling-1a4c0c"},
        model="text-embedding-3-small",
    ),
    Family(
        "azure_openai_embeddings",
        "Azure, OpenAI's dialect",
        "openai-chat",
        "/openai/v1",
        "openai-others-py",
        openai_refusal,
        _cases(
            listed(
                "azure_openai_embeddings/ruby_llm--embedding-basic-functionality-azure-cohere-embed-v3-english-can-"
                "handle-a-single-text-f773d6"
            )
        ),
        model="Cohere-embed-v3-english",
    ),
    Family(
        "openrouter_embeddings",
        "OpenRouter",
        "openai-chat",
        "/api/v1",
        "openai-others-py",
        openai_refusal,
        _cases(
            listed(
                "openrouter_embeddings/ruby_llm--embedding-basic-functionality-openrouter-openai-text-embedding-3-"
                "small-can-handle-a-single-651c30"
            ),
            several=listed(
                "openrouter_embeddings/ruby_llm--embedding-basic-functionality-openrouter-openai-text-embedding-3-"
                "small-can-handle-multiple-f163a4"
            ),
        ),
        model="openai/text-embedding-3-small",
    ),
    Family(
        "voyage_embeddings",
        "Voyage",
        "openai-chat",
        "/v1",
        "openai-others-py",
        voyage_refusal,
        _cases(
            at_voyage("voyage_embeddings/pydantic-ai--test-embeddings-testvoyageai-test-query-821a85"),
            several=at_voyage("voyage_embeddings/openllmetry--test-embed-test-voyageai-embed-legacy-df39f1"),
        ),
        {400: "pydantic-ai--test-embeddings-testvoyageai-test-embed-error-8246ad"},
        model="voyage-3.5",
        known="voyage",
    ),
    Family(
        "gemini_embed",
        "Google, Gemini",
        "gemini-generate-content",
        "/v1beta",
        "google-others-py",
        google_refusal,
        _cases(
            "pydantic-ai--test-embeddings-test-google-task-prefix-default-query-7fba0d",
            several="llm-gemini--test-gemini-test-embedding-batch-92bad1",
            short="ruby_llm--embedding-multimodal-embeddings-gemini-gemini-embedding-2-embeds-text-with-"
            "custom-dimensio-d37983",
        ),
        model="gemini-embedding-2",
    ),
    Family(
        "cohere_embed",
        "Cohere",
        "cohere-v2",
        "/v2",
        "cohere-others-py",
        cohere_refusal,
        _cases(
            by_type("cohere_embed/pydantic-ai--test-embeddings-testcohere-test-query-with-truncate-5ba018"),
            several=by_type("cohere_embed/pydantic-ai--test-embeddings-testcohere-test-documents-ecc692"),
            short=by_type(
                "cohere_embed/ruby_llm--embedding-basic-functionality-cohere-embed-v4-0-can-handle-a-single-text-with-"
                "custom-dimen-fe995a"
            ),
        ),
        model="embed-v4.0",
    ),
    Family(
        "mistral_embeddings",
        "Mistral",
        "mistral-chat",
        "/v1",
        "mistral-others-py",
        mistral_refusal,
        _cases(
            listed(
                "mistral_embeddings/openllmetry--test-embeddings-test-mistral-embeddings-with-events-with-"
                "content-0b44aa"
            ),
            several=listed("mistral_embeddings/dd-trace-py--mistral-mistral-v1-embeddings-post-22f67997-30b55a"),
        ),
        model="mistral-embed",
    ),
    Family(
        "ollama_embed",
        "Ollama",
        "ollama-chat",
        "",
        "ollama-others-py",
        ollama_refusal,
        _cases(
            made_up({**_OLLAMA, "embeddings": _NUMBERS[:1]}, _OLLAMA_TYPES),
            several=made_up({**_OLLAMA, "embeddings": _NUMBERS}, _OLLAMA_TYPES),
        ),
        model="all-minilm",
    ),
    Family(
        "huggingface_features",
        "Hugging Face, feature extraction",
        "huggingface-features",
        "",
        "http",
        ollama_refusal,
        _cases(
            made_up(_NUMBERS[0], _HUGGING_FACE),
            several=made_up(_NUMBERS, _HUGGING_FACE),
        ),
        model="BAAI/bge-small-en-v1.5",
    ),
)

_UNTOLD = frozenset(("embed_floats", "embed_packed"))
"""What an SDK cannot ask for that has no word for encodings."""

_CLIENTS = (
    Client("openai-others-py", "openai", "openai-chat", ("py/openai_others.py",), "python-sdks"),
    Client("openai-others-js", "openai (JS)", "openai-chat", ("js/openai_others.mjs",), "node-sdks"),
    Client(
        "google-others-py",
        "google-genai",
        "gemini-generate-content",
        ("py/google_others.py",),
        "python-sdks",
        cannot=_UNTOLD,
    ),
    Client(
        "google-others-js",
        "@google/genai (JS)",
        "gemini-generate-content",
        ("js/google_others.mjs",),
        "node-sdks",
        cannot=_UNTOLD,
    ),
    Client("cohere-others-py", "cohere", "cohere-v2", ("py/cohere_others.py",), "python-sdks"),
    Client(
        "mistral-others-py",
        "mistralai",
        "mistral-chat",
        ("py/mistral_others.py",),
        "python-sdks",
        "/mistral",
        cannot=frozenset(("embed_packed",)),  # it can ask, and then takes nothing but numbers
    ),
    Client("ollama-others-py", "ollama", "ollama-chat", ("py/ollama_others.py",), "python-sdks", cannot=_UNTOLD),
    Client(
        "http",
        "HTTP alone, feature extraction",
        "huggingface-features",
        ("py/plain_http.py",),
        "python-sdks",
        "/huggingface/hf-inference",
        cannot=_UNTOLD,
    ),
)

_BASE64 = "Voyage takes no word but `base64` for the encoding"
_MENDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("openai-chat", "voyage_embeddings"): {"embed_floats": _BASE64},
}

EMBEDDINGS = Kind(
    "Embeddings",
    """\
Calls: a text as the SDK asks by default, several, one with fewer dimensions, one as numbers and one as base64 where the
SDK has words for that. Providers that were recorded to give numbers or base64 answer with what they are asked for.
Vectors are the same to the last bit of a 32-bit float, and so is the usage where the SDK shows one.""",
    _CALLS,
    _FAMILIES,
    _CLIENTS,
    like={"embed_floats": "embed", "embed_packed": "embed"},
    mends=_MENDS,
)
