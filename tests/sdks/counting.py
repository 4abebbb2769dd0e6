"""Counts of tokens: who is asked, by whom.  A provider without a count of its own is not asked."""

from tests.sdks.refusals import amazon_refusal, anthropic_refusal, google_refusal, mistral_refusal
from tests.sdks.table import Client, Family, Kind

_FAMILIES = (
    Family(
        "anthropic_count_tokens",
        "Anthropic",
        "anthropic-messages",
        "/v1",
        "anthropic-others-py",
        anthropic_refusal,
        {
            "count": "ruby_llm--chat-rubyllm-count-tokens-counts-one-user-message-ae42a4",
            "count_tools": "ruby_llm--chat-count-tokens-with-anthropic-claude-haiku-4-5-counts-the-next-request-as-"
            "configured-1fc391",
        },
        {404: "pydantic-ai--test-anthropic-test-anthropic-count-tokens-error-892281"},
        model="claude-haiku-4-5",
    ),
    Family(
        "gemini_count_tokens",
        "Google, Gemini",
        "gemini-generate-content",
        "/v1beta",
        "google-others-py",
        google_refusal,
        {
            "count": "pydantic-ai--test-google-test-google-model-usage-limit-not-exceeded-f0360e",
            "count_tools": "ruby_llm--chat-count-tokens-with-gemini-gemini-3-5-flash-counts-the-next-request-as-"
            "configured-f8e359",
        },
        {404: "pydantic-ai--test-embeddings-testgoogle-test-count-tokens-error-ea3561"},
        model="gemini-2.5-flash",
    ),
    Family(
        "bedrock_count_tokens",
        "Amazon Bedrock",
        "bedrock-converse",
        "",
        "bedrock-others-py",
        amazon_refusal,
        {
            "count": "pydantic-ai--test-bedrock-test-bedrock-model-usage-limit-not-exceeded-7cfd49",
            "count_tools": "pydantic-ai--test-bedrock-test-bedrock-count-tokens-tool-config-c49dc2",
        },
        model="anthropic.claude-sonnet-4-20250514-v1:0",
    ),
    Family("mistral_uncounted", "Mistral", "mistral-chat", "/v1", "", mistral_refusal, {}),
)

_CLIENTS = (
    Client("anthropic-others-py", "anthropic", "anthropic-messages", ("py/anthropic_others.py",), "python-sdks"),
    Client(
        "anthropic-others-js", "@anthropic-ai/sdk (JS)", "anthropic-messages", ("js/anthropic_others.mjs",), "node-sdks"
    ),
    Client(
        "google-others-py",
        "google-genai",
        "gemini-generate-content",
        ("py/google_others.py",),
        "python-sdks",
        cannot=frozenset(("count_tools",)),
    ),
    Client(
        "google-others-js",
        "@google/genai (JS)",
        "gemini-generate-content",
        ("js/google_others.mjs",),
        "node-sdks",
        cannot=frozenset(("count_tools",)),
    ),
    Client("bedrock-others-py", "boto3", "bedrock-converse", ("py/bedrock_others.py",), "python-sdks"),
)

COUNTING = Kind(
    "Counting tokens",
    """\
Calls: the tokens of a question, and of one with a system's word and a tool where the SDK has a way to count those.
*Estimated*: the provider cannot count and is not asked; the gateway gives an estimate, and says so in the header
`x-tollbridge-estimated`, which no other count has.""",
    ("count", "count_tools"),
    _FAMILIES,
    _CLIENTS,
    like={"count_tools": "count"},
)
