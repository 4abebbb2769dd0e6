"""Hosts that speak OpenAI's chat dialect: conversations with them, by every SDK.

Each is the gateway's own entry of that host, with its quirks, but for the URL; a new host is a row.
"""

from tests.sdks.conversations import CALLS, CLIENTS, FAMILIES
from tests.sdks.refusals import openai_refusal
from tests.sdks.table import Family, Kind

_FAMILIES = (
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
        known="groq",
    ),
    Family(
        "deepseek_chat",
        "DeepSeek",
        "openai-chat",
        "/v1",
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
        known="deepseek",
    ),
    Family(
        "openrouter_chat",
        "OpenRouter",
        "openai-chat",
        "/api/v1",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "ruby_llm--chat-text-models-openrouter-claude-haiku-4-5-can-understand-text-f29ca3",
            "stream": "chatlas--test-provider-openrouter-test-openrouter-simple-streaming-request-f6b0e1",
            "tools": "ruby_llm--chat-function-calling-openrouter-claude-haiku-4-5-can-use-tools-in-multi-turn-"
            "conversation-499457",
            "tools_stream": "chatlas--test-provider-openrouter-test-openrouter-tool-variations-04510a",
            "structured": "chatlas--test-provider-openrouter-test-data-extraction-284e43",
            "image": "ruby_llm--chat-vision-models-openrouter-claude-haiku-4-5-can-understand-remote-images-without-"
            "extens-df587c",
        },
        model="anthropic/claude-haiku-4.5",
        known="openrouter",
    ),
    Family(
        "azure_openai_chat",
        "Azure",
        "openai-chat",
        "/openai/deployments/{model}?api-version=2024-02-01",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "openllmetry--test-azure-test-chat-with-events-with-content-68df96",
            "stream": "ruby_llm--chat-streaming-responses-azure-grok-4-1-fast-non-reasoning-supports-streaming-"
            "responses-e7a470",
            "tools": "ruby_llm--chat-function-calling-azure-grok-4-1-fast-non-reasoning-can-use-tools-in-multi-turn-"
            "conver-33f342",
            "tools_stream": "ruby_llm--chat-function-calling-azure-grok-4-1-fast-non-reasoning-can-use-tools-without-"
            "parameters-i-98ee11",
            "structured": "ruby_llm--chat-with-schema-with-azure-grok-4-1-fast-non-reasoning-allows-removing-schema-"
            "mid-convers-77e181",
            "image": "ruby_llm--chat-vision-models-azure-grok-4-1-fast-non-reasoning-can-understand-local-images-"
            "b07b25",
        },
        {
            429: "ruby_llm--chat-real-error-scenarios-azure-grok-4-1-fast-non-reasoning-handles-context-length-"
            "exceede-f2b54d"
        },
        model="some-deployment",
        known="azure-deployments",
    ),
    Family(
        "huggingface_chat",
        "Hugging Face",
        "openai-chat",
        "/v1",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "pydantic-ai--test-huggingface-test-simple-completion-3adf8b",
            "stream": "chatlas--test-provider-huggingface-test-huggingface-simple-streaming-request-8efb36",
            "tools": "pydantic-ai--test-tool-choice-matrix-test-tool-choice-matrix-tools-plus-output-huggingface-"
            "5e1bc5",
            "structured": "chatlas--test-provider-huggingface-test-huggingface-data-extraction-ddf5f3",
        },
        model="meta-llama/Llama-3.1-8B-Instruct",
        known="huggingface",
    ),
    Family(
        "zai_chat",
        "Z.ai",
        "openai-chat",
        "/api/paas/v4",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "pydantic-ai--test-zai-test-zai-model-simple-74e511",
            "stream": "pydantic-ai--test-zai-test-zai-thinking-stream-5bd505",
        },
        model="glm-4.7",
        known="z-ai",
    ),
    Family(
        "cerebras_chat",
        "Cerebras",
        "openai-chat",
        "/v1",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "pydantic-ai--test-thinking-wire-contract-test-reasoning-wire-contract-cerebras-gpt-oss-"
            "always-on-ec6741"
        },
        model="gpt-oss-120b",
        known="cerebras",
    ),
    Family(
        "perplexity_chat",
        "Perplexity, Sonar",
        "openai-chat",
        "",
        "openai-chat-py",
        openai_refusal,
        {
            "plain": "ruby_llm--chat-basic-chat-functionality-perplexity-sonar-returns-raw-responses-43af25",
            "structured": "ruby_llm--chat-with-params-perplexity-sonar-supports-json-schema-response-format-param-"
            "6e2aa1",
        },
        model="sonar",
        known="perplexity",
    ),
    Family(
        "cloudflare_chat",
        "Cloudflare",
        "openai-chat",
        "/client/v4/accounts/some-account/ai/v1",
        "openai-chat-py",
        openai_refusal,
        {"stream": "chatlas--test-provider-cloudflare-test-cloudflare-simple-request-0542f7"},
        model="@cf/meta/llama-3.3-70b-instruct-fp8-fast",
        known="cloudflare",
    ),
    Family(
        "snowflake_chat",
        "Snowflake",
        "openai-chat",
        "/api/v2/cortex/v1",
        "openai-chat-py",
        openai_refusal,
        {"plain": "pydantic-ai--test-snowflake-test-snowflake-openai-model-5fefd2"},
        model="openai-gpt-4.1",
        known="snowflake-cortex",
    ),
    Family(
        "bedrock_mantle_chat",
        "Amazon Bedrock, Mantle",
        "openai-chat",
        "/v1",
        "openai-chat-py",
        openai_refusal,
        {"plain": "pydantic-ai--test-bedrock-mantle-test-safeguard-chat-routing-92463a"},
        model="openai.gpt-oss-safeguard-20b",
        known="bedrock-mantle",
    ),
    Family(
        "gemini_openai_chat",
        "Google, Gemini",
        "openai-chat",
        "/v1beta/openai",
        "openai-chat-py",
        openai_refusal,
        {"plain": "pydantic-ai--test-openai-test-compatible-api-with-tool-calls-without-id-07fca1"},
        model="gemini-2.5-pro",
        unshown=28,
    ),
)

_MENDS = {
    ("openai-chat-js", "cloudflare_chat"): {
        "stream": "the SDK wants a role in what comes first, which Cloudflare does not say"
    }
}

CHAT_HOSTS = Kind(
    "Conversations with hosts that speak Chat Completions",
    """\
The same calls, with streams cut by event. Each host is the gateway's own entry of it, where it has one. Google counts
the tokens of thoughts in the total alone here; an SDK of another dialect is shown them as output.""",
    CALLS,
    _FAMILIES,
    CLIENTS,
    mends=_MENDS,
    homes=FAMILIES,
)
