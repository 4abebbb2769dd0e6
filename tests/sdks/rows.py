"""The rows of the matrix: providers with what they were recorded to say, SDKs as clients, and who reaches whom.

A new pair of dialects is a name in `REACHES`; a new provider or SDK a row. Cases are named as in the corpus.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

CALLS = ("plain", "stream", "tools", "tools_stream", "structured", "image")
"""What a client does: one answer, one streamed, a tool called and answered, one called in a stream, and so on."""
STREAMED = frozenset(("stream", "tools_stream"))
STATUSES = (400, 404, 429, 500, 529)
"""What a provider refuses with; 401 is the gateway's own, for a wrong token."""


@dataclass(frozen=True, slots=True)
class Family:
    """A provider.  `base` is the path of its API below its host, `native` the client that is its own.

    `cases` are recorded answers by call, in the folder of its name or the one said; `errors` are recorded refusals by
    status; `refusal` invents the others.
    """

    name: str
    title: str
    dialect: str
    base: str
    native: str
    refusal: Callable[[int], Any]
    cases: Mapping[str, str]
    errors: Mapping[int, str] = field(default_factory=dict)
    model: str = "some-model"


@dataclass(frozen=True, slots=True)
class Client:
    """An SDK in one dialect.  `runner` is its file below this folder and what it is told, `need` what it needs.

    `below` is where the gateway serves it, where that is not the root.
    """

    name: str
    title: str
    dialect: str
    runner: tuple[str, ...]
    need: str
    below: str = ""


_WORDS = {
    400: ("invalid_request_error", "INVALID_ARGUMENT", "the request is not valid"),
    401: ("authentication_error", "UNAUTHENTICATED", "the key is not valid"),
    404: ("not_found_error", "NOT_FOUND", "there is no such model"),
    429: ("rate_limit_error", "RESOURCE_EXHAUSTED", "too many requests"),
    500: ("api_error", "INTERNAL", "something went wrong"),
    529: ("overloaded_error", "UNAVAILABLE", "overloaded"),
}


def openai_refusal(status: int) -> Any:
    kind, _, message = _WORDS[status]
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def anthropic_refusal(status: int) -> Any:
    kind, _, message = _WORDS[status]
    return {"type": "error", "error": {"type": kind, "message": message}}


def google_refusal(status: int) -> Any:
    _, word, message = _WORDS[status]
    return {"error": {"code": status, "message": message, "status": word}}


def mistral_refusal(status: int) -> Any:
    kind, _, message = _WORDS[status]
    return {"object": "error", "message": message, "type": kind, "param": None, "code": str(status)}


def cohere_refusal(status: int) -> Any:
    return {"message": _WORDS[status][2]}


_AMAZON = {
    400: "ValidationException",
    401: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
    529: "ServiceUnavailableException",
}


def amazon_refusal(status: int) -> Any:
    return {"__type": _AMAZON[status], "message": _WORDS[status][2]}


def ollama_refusal(status: int) -> Any:
    return {"error": _WORDS[status][2]}


FAMILIES = (
    Family(
        "openai_chat",
        "OpenAI, Chat Completions",
        "openai-chat",
        "/v1",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "openllmetry--test-agent-test-agent-run-basic-c94ffb",
            "stream": "chatlas--test-provider-openai-completions-test-openai-tool-variations-2b97fa",
            "tools": "pydantic-ai--test-multimodal-tool-returns-test-multimodal-tool-return-matrix-direct-url-document"
            "-openai-0b45e3",
            "tools_stream": "chatlas--test-provider-openai-completions-test-openai-tool-variations-055b89",
            "structured": "openllmetry--test-chat-parse-test-async-parsed-completion-413d71",
            "image": "pydantic-ai--test-openai-test-image-url-input-force-download-0b43ad",
        },
        model="gpt-4o-mini",
    ),
    Family(
        "openai_responses",
        "OpenAI, Responses",
        "openai-responses",
        "/v1",
        "openai-responses-py",
        openai_refusal,
        {
            "plain": "braintrust--test-openai-responses-async-a29605",
            "stream": "pydantic-ai--test-openai-responses-test-openai-responses-stream-52119b",
            "tools": "pydantic-ai--test-openai-responses-test-tool-output-08934a",
            "tools_stream": "chatlas--test-otel-test-tool-internal-span-nests-under-tool-span-d40f73",
            "structured": "pydantic-ai--test-openai-responses-test-native-output-b93d5d",
            "image": "pydantic-ai--test-openai-test-image-url-input-force-download-response-api-63f1e6",
        },
        model="gpt-4o-mini",
    ),
    Family(
        "anthropic_messages",
        "Anthropic",
        "anthropic-messages",
        "/v1",
        "anthropic-py",
        anthropic_refusal,
        {
            "plain": "openinference--test-token-counts-testtokencounts-test-anthropic-169250",
            "stream": "braintrust--test-anthropic-messages-streaming-async-3a9dc8",
            "tools": "openllmetry--test-messages-test-anthropic-tools-history-legacy-ae5a3e",
            "tools_stream": "chatlas--test-inspect-testinspectintegration-test-tool-calling-b4f0b2",
            "structured": "openinference--test-instrumentor-test-anthropic-instrumentation-messages-parse-753856",
            "image": "pydantic-ai--test-anthropic-test-image-url-input-7777ca",
        },
        {404: "braintrust--test-anthropic-client-error-597245"},
        model="claude-haiku-4-5",
    ),
    Family(
        "gemini_generate",
        "Google, Gemini",
        "gemini-generate-content",
        "/v1beta",
        "google-py",
        google_refusal,
        {
            "plain": "braintrust--test-adk-captures-metrics-5c7adc",
            "stream": "chatlas--test-provider-google-test-google-simple-streaming-request-72d185",
            "tools": "braintrust--test-tool-use-async-async-c538bc",
            "tools_stream": "braintrust--test-tool-use-stream-14fc1e",
            "structured": "logfire--test-google-genai-test-instrument-google-genai-response-schema-ab405e",
            "image": "pydantic-ai--test-google-test-google-model-text-document-url-input-596e84",
        },
        model="gemini-2.0-flash",
    ),
    Family(
        "mistral_chat",
        "Mistral",
        "mistral-chat",
        "/v1",
        "mistral-py",
        mistral_refusal,
        {
            "plain": "pydantic-ai--test-mistral-test-mistral-history-uses-prompt-cache-dc3356",
            "stream": "ruby_llm--chat-streaming-responses-mistral-mistral-small-latest-reports-consistent-token-counts-"
            "comp-3a6bb4",
            "tools": "dd-trace-py--mistral-mistral-v1-chat-completions-post-8fbc71a4-4cecf5",
            "tools_stream": "dd-trace-py--mistral-mistral-v1-chat-completions-post-1798d156-e26255",
            "structured": "ruby_llm--chat-with-schema-with-mistral-mistral-small-latest-allows-removing-schema-mid-"
            "conversation-fe1fbe",
            "image": "ruby_llm--chat-vision-models-mistral-pixtral-12b-can-understand-local-images-525a86",
        },
        model="mistral-small-latest",
    ),
    Family(
        "groq_chat",
        "Groq",
        "openai-chat",
        "/openai/v1",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "openllmetry--test-chat-tracing-test-async-chat-legacy-0ebd24",
            "tools": "pydantic-ai--test-multimodal-tool-returns-test-mixed-content-ordering-groq-cbbaf8",
            "structured": "pydantic-ai--test-groq-test-groq-prompted-output-1b03d5",
            "image": "pydantic-ai--test-groq-test-image-url-input-4b1c3d",
        },
    ),
    Family(
        "deepseek_chat",
        "DeepSeek",
        "openai-chat",
        "",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "ruby_llm--chat-basic-chat-functionality-deepseek-deepseek-chat-returns-raw-responses-d0d477",
            "stream": "dd-trace-py--v1-deepseek-streamed-cumulative-tokens-23c20d",
            "tools": "ruby_llm--chat-tool-choice-and-calls-control-deepseek-deepseek-chat-respects-specific-tool-choice"
            "-dbb94a",
            "structured": "ruby_llm--chat-with-params-deepseek-deepseek-chat-supports-response-format-param-5d9422",
        },
        model="deepseek-chat",
    ),
    Family(
        "bedrock_converse",
        "Amazon Bedrock, Converse",
        "bedrock-converse",
        "",
        "bedrock-py",
        amazon_refusal,
        {
            "plain": "pydantic-ai--test-bedrock-test-bedrock-model-instructions-only-then-message-history-claude"
            "-sonnet-4-5-194b6f",
            "stream": "bedrock_converse_stream/ruby_llm--chat-streaming-responses-bedrock-amazon-nova-2-lite-v1-0"
            "-supports-streaming-responses-8021b4",
            "tools": "pydantic-ai--test-bedrock-test-bedrock-model-retry-6f0d6b",
            "tools_stream": "bedrock_converse_stream/ruby_llm--chat-function-calling-bedrock-amazon-nova-2-lite-v1-0"
            "-can-use-tools-with-multi-turn-stream-86542b",
            "structured": "ruby_llm--chat-with-schema-with-bedrock-claude-haiku-4-5-accepts-schematist-schema-class"
            "-instances-a-eb1042",
            "image": "pydantic-ai--test-bedrock-test-image-url-input-cffa69",
        },
        model="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ),
    Family(
        "cohere_chat",
        "Cohere",
        "cohere-v2",
        "/v2",
        "cohere-py",
        cohere_refusal,
        {
            "plain": "pydantic-ai--test-cohere-test-request-usage-with-cached-tokens-29dfba",
            "stream": "ruby_llm--chat-streaming-responses-cohere-command-a-03-2025-reports-consistent-token-counts-"
            "compared-16f8ae",
            "tools": "openllmetry--test-chat-test-cohere-v2-chat-legacy-with-tool-calls-and-history-aa4c83",
            "structured": "ruby_llm--chat-with-schema-with-cohere-command-a-03-2025-accepts-a-json-schema-and-returns-"
            "structure-e5d5a1",
            "image": "ruby_llm--chat-vision-models-cohere-command-a-plus-05-2026-can-understand-local-images-a36722",
        },
        model="command-a-03-2025",
    ),
    Family(
        "ollama_chat",
        "Ollama",
        "ollama-chat",
        "",
        "ollama-py",
        ollama_refusal,
        {
            "plain": "openllmetry--test-chat-test-ollama-chat-legacy-521650",
            "stream": "openllmetry--test-chat-test-ollama-streaming-chat-legacy-2f65cb",
            "tools": "openinference--test-instrumentor-test-chat-with-callable-tool-1a4ba7",
        },
        model="llama3",
    ),
)

CLIENTS = (
    Client("openai-chat-py", "openai, Chat", "openai-chat", ("py/openai_chat.py",), "python-sdks"),
    Client("openai-chat-js", "openai (JS), Chat", "openai-chat", ("js/openai_chat.mjs",), "node-sdks"),
    Client("ai-chat-js", "ai (JS), Chat", "openai-chat", ("js/ai.mjs", "openai-chat"), "node-sdks"),
    Client("openai-responses-py", "openai, Responses", "openai-responses", ("py/openai_responses.py",), "python-sdks"),
    Client(
        "openai-responses-js", "openai (JS), Responses", "openai-responses", ("js/openai_responses.mjs",), "node-sdks"
    ),
    Client("ai-responses-js", "ai (JS), Responses", "openai-responses", ("js/ai.mjs", "openai-responses"), "node-sdks"),
    Client("anthropic-py", "anthropic", "anthropic-messages", ("py/anthropic_messages.py",), "python-sdks"),
    Client("anthropic-js", "@anthropic-ai/sdk (JS)", "anthropic-messages", ("js/anthropic_messages.mjs",), "node-sdks"),
    Client(
        "ai-anthropic-js", "ai (JS), Anthropic", "anthropic-messages", ("js/ai.mjs", "anthropic-messages"), "node-sdks"
    ),
    Client("google-py", "google-genai", "gemini-generate-content", ("py/google_genai.py",), "python-sdks"),
    Client("google-js", "@google/genai (JS)", "gemini-generate-content", ("js/google_genai.mjs",), "node-sdks"),
    Client(
        "ai-google-js",
        "ai (JS), Google",
        "gemini-generate-content",
        ("js/ai.mjs", "gemini-generate-content"),
        "node-sdks",
    ),
    Client("mistral-py", "mistralai", "mistral-chat", ("py/mistral_chat.py",), "python-sdks", below="/mistral"),
    Client("bedrock-py", "boto3", "bedrock-converse", ("py/bedrock_converse.py",), "python-sdks"),
    Client("cohere-py", "cohere", "cohere-v2", ("py/cohere_chat.py",), "python-sdks"),
    Client("ollama-py", "ollama", "ollama-chat", ("py/ollama_chat.py",), "python-sdks"),
)

REACHES: Mapping[str, tuple[str, ...]] = {}
"""The providers that are reached through the gateway where it is not all, by client's name or else by its dialect."""

_KEPT = (
    "after an answer with words and a call, the SDK refers to items that OpenAI keeps, unless it is told `store: false`"
)

LACKS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("ai-responses-js", family): {"tools": _KEPT} for family in ("bedrock_converse", "cohere_chat", "ollama_chat")
}
"""What a pair cannot do, by client's or dialect's name and family: the call, and why it is refused (status 400)."""

FAMILY = {family.name: family for family in FAMILIES}
CLIENT = {client.name: client for client in CLIENTS}
HOME = {family.dialect: family.name for family in reversed(FAMILIES)}
"""The provider whose own dialect it is: the first of `FAMILIES` that speaks it."""


def lack(client: Client, family: Family, call: str) -> str:
    """Say why a pair cannot do a call; empty where it can."""
    found = LACKS.get((client.name, family.name), LACKS.get((client.dialect, family.name), {}))
    return found.get(call, "")


def reached(client: Client) -> tuple[str, ...]:
    """Name the providers a client is to reach."""
    return REACHES.get(client.name, REACHES.get(client.dialect, tuple(FAMILY)))


def pairs() -> list[tuple[Client, Family]]:
    """List who is to reach whom."""
    return [(client, FAMILY[name]) for client in CLIENTS for name in reached(client)]
