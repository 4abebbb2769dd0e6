"""Conversations with the vendors of the dialects: who is asked, by whom.  Hosts that speak one of them have tables too.

A new provider or SDK is a row; cases are named as in the corpus.
"""

from tests.sdks.refusals import (
    amazon_refusal,
    anthropic_refusal,
    cohere_refusal,
    google_refusal,
    mistral_refusal,
    ollama_refusal,
    openai_refusal,
)
from tests.sdks.table import STATUSES, Client, Family, Kind

CALLS = ("plain", "stream", "tools", "tools_stream", "structured", "image")
STREAMED = frozenset(("stream", "tools_stream"))

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

CONVERSATIONS = Kind(
    "Conversations",
    """\
Calls: an answer, a streamed one (cut by event, by byte and at random), a tool that is called and answered, one called
in a stream, JSON by a schema, and an image.""",
    CALLS,
    FAMILIES,
    CLIENTS,
    statuses=STATUSES,
)
