import msgspec
import pytest
from openapi_spec_validator import validate

from tollbridge.services.kinds import About
from tollbridge.services.model import Design
from tollbridge_prompts.checking import check
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.openapi import describe
from tollbridge_prompts.starting import STARTERS, starter


@pytest.mark.parametrize("name", STARTERS)
def test_starter_lacks_a_model_and_nothing_else(name: str) -> None:
    design = msgspec.convert(starter(name), Design)
    definition = msgspec.convert(design.definition, PromptDefinition)

    assert [one.field for one in check(definition)] == ["model"]
    assert check(msgspec.structs.replace(definition, model="small")) == []
    assert design.name
    assert design.description
    validate(describe(About(name, design.name), definition))


@pytest.mark.parametrize("name", ["", "other", "../starting"])
def test_other_names_are_none(name: str) -> None:
    with pytest.raises(KeyError):
        starter(name)
