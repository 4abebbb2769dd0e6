"""Providers as data."""

import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from tollbridge.auth import NoAuth
from tollbridge.errors import ConfigError
from tollbridge.providers import Model, Models, Provider, Quirks, Target

MODELS = """
["big"]
input = "0.59"
output = "0.79"
context = 131072
max_output = 8192

["small"]
"""


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


def test_models_come_from_a_package_with_prices_as_strings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tollbridge_sample_models"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.toml").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)

    models = Models.from_package("tollbridge_sample_models")
    sys.modules.pop("tollbridge_sample_models")

    assert models.get("big") == Model("big", {"input": "0.59", "output": "0.79"}, 131072, 8192)
    assert models.get("small") == Model("small")
    assert models.get("none") is None
    assert [model.name for model in models] == ["big", "small"]


def test_price_that_is_no_string_is_refused_with_its_place() -> None:
    with pytest.raises(
        ConfigError,
        match=r'^pkg/models\.toml: big\.output must be a string in USD per million tokens, such as "0\.15"$',
    ):
        Models.from_table({"big": {"input": "0.59", "output": 0.79}}, where="pkg/models.toml")


def test_model_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^pkg/models\.toml: context must be a table$"):
        Models.from_table({"context": 5}, where="pkg/models.toml")  # type: ignore[dict-item]  # as a file may hold


@pytest.mark.parametrize("key", ["context", "max_output"])
@pytest.mark.parametrize("value", ["128k", 1.5, True, "131072"])
def test_count_of_tokens_that_is_no_whole_number_is_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"^pkg/models\.toml: big\.{key} must be a whole number of tokens$"):
        Models.from_table({"big": {key: value}}, where="pkg/models.toml")


def test_credential_of_a_target_is_not_shown() -> None:
    target = Target(Provider("x"), "m", ((b"authorization", b"Bearer sk-secret"),))

    assert "sk-secret" not in repr(target)
