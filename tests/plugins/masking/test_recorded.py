"""Recorded answers of models: nothing of the protocol is taken for personal data."""

import json
from collections.abc import Sequence

import pytest
from tests.plugins.masking.conftest import feed, json_masker
from tests.support.corpus import Case, corpus_folders, is_answer

from tollbridge_masking.masking import Masking

FOLDERS = (
    "anthropic_messages",
    "bedrock_converse",
    "bedrock_invoke",
    "cohere_chat",
    "gemini_generate",
    "mistral_chat",
    "ollama_chat",
    "openai_chat",
    "openai_embeddings",
    "openai_images",
    "openai_responses",
    "vertex_generate",
)
EMAILS = ("the@agent.instructions", "via@agent.tool", "john@example.com", "user@example.com")
"""All of them stand in what models wrote."""

SIGNATURE = "ErUBCkYIBRgCIkDq+4111/4111111111111111a+49/0301234567==EqkBCkgIARABGAIiQL4H0x4XZxJY"


@corpus_folders(*(f"dev/{folder}" for folder in FOLDERS))
def test_recorded_answers_pass_byte_for_byte_but_for_addresses(cases: Sequence[Case]) -> None:
    for case in filter(is_answer, cases):
        written = json.dumps(case.body)

        masked = feed(json_masker(finds=Masking().finds), [written.encode()]).decode()

        for email in EMAILS:
            written = written.replace(email, f"{email[0]}***@{email.partition('@')[2]}")
        assert masked == written, case.name


@pytest.mark.parametrize(
    "value",
    [
        "chatcmpl-AbC4111111111111111",
        "msg_01XFDUDYJgAACzvnptvVoYEL",
        "toolu_01A09q90qw90lq917835lq9",
        "resp_0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789",
        "call_4111111111111111_1",
        "fp_44709d6fcb",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "gpt-4o-2024-08-06",
        "us.meta.llama3-3-70b-instruct-v1:0",
        "gemini-2.5-flash-preview-05-20",
        "2024-08-06T12:00:00.123456789Z",
        "end_turn",
        "application/pdf",
        SIGNATURE,
        SIGNATURE * 50,
    ],
)
def test_ids_models_and_signatures_pass(value: str) -> None:
    written = json.dumps({"id": value, "list": [value]}).encode()

    assert feed(json_masker(), [written]) == written
