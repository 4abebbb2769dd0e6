"""Keys that name no models: they open those that were carried over, each by its name, and no other."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from tollbridge_migrate.keys import implied_scopes

KEY = {"token": "ab" * 32, "key_alias": "shop", "models": []}


def litellm(tmp_path: Path, *deployments: tuple[str, str, str], **more: object) -> tuple[Path, str, Path]:
    """Write a configuration of deployments, each its name, model and key, and a table with one key."""
    config, keys = tmp_path / "config.json", tmp_path / "keys.json"
    found = [
        {"model_name": name, "litellm_params": {"model": model, "api_key": f"os.environ/{key}"}}
        for name, model, key in deployments
    ]
    config.write_text(json.dumps({"model_list": found, **more}))
    keys.write_text(json.dumps([KEY]))
    return config, "--keys", keys


def test_key_of_litellm_names_the_models_that_were_carried_over(migrate, tmp_path) -> None:
    done = migrate("litellm", *litellm(tmp_path, ("fast", "openai/gpt-4o-mini", "K"), ("odd name", "openai/o3", "K")))

    assert done.tokens[0]["scopes"] == ["ai:*", "model:fast"]
    assert "it may call those that were carried over alone; odd name can be in no scope" in done.report


def test_name_of_a_model_with_a_star_widens_no_key(migrate, tmp_path) -> None:
    aliases = {"router_settings": {"model_group_alias": {"f*": "fast"}}}
    done = migrate("litellm", *litellm(tmp_path, ("fast", "openai/gpt-4o-mini", "K"), **aliases))

    assert "f*" in done.config["models"]
    assert done.tokens[0]["scopes"] == ["ai:*", "model:fast"]


def test_key_opens_every_model_of_a_provider_only_under_the_key_that_has_it(migrate, tmp_path) -> None:
    done = migrate("litellm", *litellm(tmp_path, ("big", "openai/gpt-4o", "A"), ("openai/*", "openai/*", "B")))

    # the first one that was seen has the provider's own section
    (whole,) = [name for name, section in done.config["providers"].items() if section["api_key"] == "env:B"]
    assert done.tokens[0]["scopes"] == ["ai:*", "model:big", f"model:{whole}/*"]


@pytest.mark.parametrize(
    ("models", "why"),
    [
        ((), "none of its models was carried over"),
        (range(100), "it may call over 99 models; give it a scope with a * by hand"),
    ],
)
def test_key_that_cannot_name_its_models_is_left(migrate, tmp_path, models: Sequence[int], why: str) -> None:
    done = migrate("litellm", *litellm(tmp_path, *((f"m{number}", "openai/gpt-4o", "K") for number in models)))

    assert done.tokens == []
    assert f"- key shop: {why}".replace("*", "\\*") in done.report


def test_as_many_models_as_a_token_has_scopes_for_are_named() -> None:
    scopes, _ = implied_scopes(f"m{number}" for number in range(99))

    assert scopes == ["ai:*", *(f"model:m{number}" for number in range(99))]


def test_key_of_one_api_whose_group_has_too_many_models_is_left(migrate, tmp_path) -> None:
    path = tmp_path / "one-api.db"
    models = ",".join(f"m{number}" for number in range(100))
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE channels (id INTEGER, type INTEGER, key TEXT, status INTEGER, models TEXT);"
            "CREATE TABLE tokens (id INTEGER, user_id INTEGER, key TEXT, status INTEGER, unlimited_quota INTEGER);"
            "CREATE TABLE users (id INTEGER, username TEXT, status INTEGER);"
            f"INSERT INTO channels VALUES (1, 1, 'sk-up', 1, '{models}');"
            f"INSERT INTO tokens VALUES (1, 1, '{'0a' * 24}', 1, 1), (2, 1, '{'0b' * 24}', 1, 1);"
            "INSERT INTO users VALUES (1, 'ada', 1);"
        )
    database.close()

    done = migrate("one-api", path)

    assert done.tokens == []
    assert done.report.count("it may call over 99 models; give it a scope with a \\* by hand") == 2
