"""`tollbridge prompt-starter`: a prompt API to begin with, taken by the commands of services."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge

from tollbridge.services.model import Design
from tollbridge_prompts import STARTERS
from tollbridge_prompts.checking import check
from tollbridge_prompts.definition import PromptDefinition

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]


@pytest.mark.parametrize("name", STARTERS)
def test_starter_is_written_with_its_model(tollbridge: Command, name: str) -> None:
    ran = tollbridge("prompt-starter", name, "--model", "small")

    assert ran.code == 0, ran.err
    definition = msgspec.convert(msgspec.convert(json.loads(ran.out), Design).definition, PromptDefinition)
    assert definition.model == "small"
    assert check(definition) == []


def test_what_is_written_begins_a_service(tollbridge: Command, config: Path, laid: Path, tmp_path: Path) -> None:
    file = tmp_path / "sentiment.json"
    file.write_text(tollbridge("prompt-starter", "sentiment", "--model", "small").out)

    made = tollbridge("service", "create", "sentiment", "-k", "prompt", "-f", str(file), "--config", str(config))

    assert made.code == 0, made.err
    shown = tollbridge("service", "show", "sentiment", "--draft", "--config", str(config))
    assert json.loads(shown.out)["definition"] == json.loads(file.read_text())["definition"]


def test_name_that_is_none_is_told_those_there_are(tollbridge: Command) -> None:
    ran = tollbridge("prompt-starter", "poem")

    assert ran.code == 2
    assert "sentiment, translation" in ran.err
