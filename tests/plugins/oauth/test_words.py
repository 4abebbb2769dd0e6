"""Scopes in words that people can say yes or no to."""

import pytest

from tollbridge_oauth.words import Said, said


@pytest.mark.parametrize(
    ("scope", "words", "grave"),
    [
        ("ai:*", "call models, for whatever they can do", False),
        ("ai:embeddings", "call models, for embeddings", False),
        ("model:*", "use every model that you may use", False),
        ("model:gpt-*", "use models whose names fit gpt-*", False),
        ("model:gpt-4", "use the model gpt-4", False),
        ("service:*", "use every service that you may use", False),
        ("service:*:read", "use every service that you may use", False),
        ("service:files", "use the service files", False),
        ("service:files:*", "use the service files", False),
        ("service:files:read", "use the service files, for read", False),
        ("admin:tokens:read", "see tokens", False),
        ("admin:tokens:write", "see and change tokens", True),
        ("admin:tokens:*", "see and change tokens", True),
        ("admin:*", "administer all that you may administer", True),
    ],
)
def test_scope_is_said_in_words(scope: str, words: str, grave: bool) -> None:
    assert list(said([scope])) == [Said(scope, words, grave)]


def test_what_is_grave_is_said_first() -> None:
    found = [one.scope for one in said(["ai:chat", "admin:tokens:read", "admin:teams:write", "model:*"])]

    assert found == ["admin:teams:write", "ai:chat", "admin:tokens:read", "model:*"]
