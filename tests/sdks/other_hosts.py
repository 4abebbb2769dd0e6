"""Hosts that speak a vendor's dialect other than OpenAI's of chat: conversations with them, by every SDK."""

from tests.sdks.conversations import CALLS, CLIENTS, FAMILIES
from tests.sdks.refusals import google_refusal, openai_refusal
from tests.sdks.table import Family, Kind

_FAMILIES = (
    Family(
        "vertex_generate",
        "Google, Vertex AI",
        "gemini-generate-content",
        "/v1/projects/some-project/locations/us-central1/publishers/google",
        "google-py",
        google_refusal,
        {
            "plain": "pydantic-ai--test-google-test-google-model-vertex-provider-920dc0",
            "stream": "otel-contrib--test-streaming-logcontent-gemini-2-5-flash-vertexaiapi-async-default-2b7d15",
            "tools": "ruby_llm--chat-function-calling-vertexai-gemini-2-5-flash-can-handle-multiple-tool-calls-in-a-"
            "single-401452",
            "tools_stream": "ruby_llm--chat-function-calling-vertexai-gemini-2-5-flash-can-use-tools-with-multi-turn-"
            "streaming-co-eeb5a9",
            "structured": "ruby_llm--chat-with-schema-with-vertexai-gemini-3-flash-preview-accepts-schematist-schema-"
            "class-inst-c3c85c",
            "image": "pydantic-ai--test-google-test-google-url-input-imageurl-f8a6af",
        },
        {400: "otel-contrib--test-generate-content-invalid-temperature-f6aaf1"},
        model="gemini-2.5-flash",
        known="vertex",
        auth="bearer",
    ),
    Family(
        "xai_responses",
        "xAI, Responses",
        "openai-responses",
        "/v1",
        "openai-responses-py",
        openai_refusal,
        {
            "plain": "ruby_llm--chat-responses-protocol-dialects-with-xai-grok-4-3-chats-on-the-responses-endpoint-"
            "by-defa-94d493",
            "stream": "ruby_llm--chat-streaming-responses-xai-grok-4-1-fast-non-reasoning-supports-streaming-"
            "responses-1995b9",
            "tools": "ruby_llm--chat-function-calling-xai-grok-4-1-fast-non-reasoning-can-use-tools-in-multi-turn-"
            "conversa-fbecb3",
            "tools_stream": "ruby_llm--chat-function-calling-xai-grok-4-1-fast-non-reasoning-can-use-tools-without-"
            "parameters-in-9f5606",
            "structured": "ruby_llm--chat-with-schema-with-xai-grok-4-1-fast-non-reasoning-accepts-schematist-schema-"
            "class-inst-2ea6b8",
            "image": "ruby_llm--chat-vision-models-xai-grok-4-1-fast-non-reasoning-can-understand-local-images-3a87cf",
        },
        {
            400: "ruby_llm--chat-error-handling-with-xai-grok-4-1-fast-non-reasoning-raises-appropriate-auth-error-"
            "cfabf4"
        },
        model="grok-4-1-fast-non-reasoning",
        known="xai",
    ),
    Family(
        "azure_openai_responses",
        "Azure, Responses",
        "openai-responses",
        "/openai/v1",
        "openai-responses-py",
        openai_refusal,
        {
            "plain": "ruby_llm--providers-azure-responses-a-gpt-5-6-deployment-calls-tools-which-this-model-"
            "generation-rej-8b5c0c",
            "stream": "ruby_llm--chat-responses-protocol-dialects-with-azure-gpt-5-nano-streams-responses-ffed40",
        },
        model="gpt-5-nano",
        known="azure",
    ),
    Family(
        "deepseek_responses",
        "DeepSeek, Responses",
        "openai-responses",
        "",
        "openai-responses-py",
        openai_refusal,
        {
            "plain": "pydantic-ai--test-deepseek-responses-test-deepseek-responses-text-972870",
            "stream": "pydantic-ai--test-deepseek-responses-test-deepseek-responses-text-stream-7b1945",
        },
        {400: "pydantic-ai--test-deepseek-responses-test-deepseek-responses-rejects-interleaved-function-calls-e5f087"},
        model="deepseek-v4-flash",
    ),
    Family(
        "openrouter_responses",
        "OpenRouter, Responses",
        "openai-responses",
        "/api/v1",
        "openai-responses-py",
        openai_refusal,
        {
            "plain": "pydantic-ai--test-openai-prompt-cache-test-openrouter-responses-prompt-cache-e2e-13a9cc",
            "stream": "pydantic-ai--test-openai-responses-test-openai-responses-raw-cot-stream-openrouter-051299",
        },
        model="openai/gpt-oss-20b",
        amiss=("openai-responses",),
    ),
    Family(
        "bedrock_mantle_responses",
        "Amazon Bedrock, Mantle, Responses",
        "openai-responses",
        "/openai/v1",
        "openai-responses-py",
        openai_refusal,
        {"tools_stream": "pydantic-ai--test-bedrock-mantle-test-reused-tool-call-ids-stream-496d21"},
        model="openai.gpt-5.6-luna",
    ),
)

_MENDS = {
    ("openai-responses-js", "openrouter_responses"): {
        "stream": "OpenRouter ends with an empty `output_text`, which the SDK believes"
    }
}

OTHER_HOSTS = Kind(
    "Conversations with hosts that speak another vendor's dialect",
    "The same calls, with streams cut by event.",
    CALLS,
    _FAMILIES,
    CLIENTS,
    mends=_MENDS,
    homes=FAMILIES,
)
