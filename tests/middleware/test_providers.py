"""Providers as data."""

from dataclasses import FrozenInstanceError

import pytest

from tollbridge.auth import NoAuth
from tollbridge.providers import Provider, Quirks, Target


def test_provider_with_one_url_speaks_one_dialect() -> None:
    provider = Provider("groq", base_url="https://api.groq.com/openai/v1/")

    assert provider.base_urls == {"openai-chat": "https://api.groq.com/openai/v1"}
    assert (provider.price_id, provider.display_name) == ("groq", "groq")
    assert provider.auth == NoAuth()
    assert provider.quirks == Quirks(stream_usage="option")
    assert list(provider.models) == []
    assert not provider.allow_private


def test_provider_with_several_urls_speaks_several_dialects() -> None:
    provider = Provider(
        "both",
        base_url="https://x.example/v1",
        dialect="openai-chat",
        base_urls={"anthropic-messages": "https://x.example/anthropic//", "openai-chat": "https://other.example"},
        price_id="x",
        display_name="Both",
    )

    assert provider.base_urls == {
        "anthropic-messages": "https://x.example/anthropic",
        "openai-chat": "https://other.example",
    }
    assert (provider.price_id, provider.display_name) == ("x", "Both")


def test_provider_cannot_be_changed() -> None:
    provider = Provider("x")

    with pytest.raises(FrozenInstanceError):
        provider.name = "y"  # type: ignore[misc]  # that is the point


def test_credential_of_a_target_is_not_shown() -> None:
    target = Target(Provider("x"), "m", ((b"authorization", b"Bearer sk-secret"),))

    assert "sk-secret" not in repr(target)


@pytest.mark.parametrize(
    ("said", "limit", "assumed"), [(None, None, 50), (None, 20, 20), (None, 128_000, 50), (9_000, 20, 9_000)]
)
def test_assumed_output_is_what_the_operator_says_else_never_more_than_what_is_assumed_of_all(
    said: int | None, limit: int | None, assumed: int
) -> None:
    assert Target(Provider("x"), "m", max_output=said, limit=limit).assumed_output(50) == assumed
