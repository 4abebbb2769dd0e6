"""A discriminator chooses the schema that counts."""

from typing import Any

import pytest
from tests.plugins.rest.documents.test_schemas import turned

from tollbridge_rest.documents.compiling import compile_schema
from tollbridge_rest.documents.findings import check_value

CAT = {"type": "object", "required": ["kind", "lives"], "properties": {"lives": {"type": "integer"}}}
DOG = {"type": "object", "required": ["kind"], "properties": {"bark": {"type": "string"}}}
CHOICES = [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]


def found(discriminator: dict[str, Any], value: Any, *, word: str = "oneOf", choices: Any = CHOICES) -> list[str]:
    schema = turned({word: choices, "discriminator": discriminator}, Cat=CAT, Dog=DOG)
    return [f"{each.where} {each.message}" for each in check_value(compile_schema(schema), value, "body", 10)]


MAPPED = {"propertyName": "kind", "mapping": {"feline": "Cat", "canine": "#/components/schemas/Dog"}}


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    ("value", "findings"),
    [
        ({"kind": "Cat", "lives": 9}, []),
        ({"kind": "feline", "lives": 9}, []),
        ({"kind": "canine"}, []),
        ({"kind": "Dog", "lives": "many"}, []),  # what a cat may not have is no matter for a dog
        ({"kind": "Cat", "lives": "many"}, ["body/lives must be of type integer"]),
        ({"kind": "feline"}, ["body/lives is missing"]),
        ({"kind": "Bird"}, ["body/kind must be one of Cat, Dog, canine, feline"]),
        ({}, ["body/kind is missing"]),
    ],
)
def test_the_property_says_which_schema_counts(word: str, value: Any, findings: list[str]) -> None:
    assert found(MAPPED, value, word=word) == findings


def test_without_a_mapping_the_names_are_those_of_the_schemas() -> None:
    assert found({"propertyName": "kind"}, {"kind": "Dog"}) == []
    assert found({"propertyName": "kind"}, {"kind": "feline"}) == ["body/kind must be one of Cat, Dog"]


def test_a_default_takes_what_is_not_mapped() -> None:
    discriminator = {"propertyName": "kind", "defaultMapping": "Cat"}

    assert found(discriminator, {"kind": "Dog"}) == []
    assert found(discriminator, {"kind": "new", "lives": 1}) == []
    assert found(discriminator, {"kind": "new"}) == ["body/lives is missing"]
    assert found(discriminator, {"lives": 1}) == ["body/kind is missing"]  # of the cat itself


@pytest.mark.parametrize(
    "choices", [[*CHOICES, {"type": "null"}], [], [{"$ref": CHOICES[0]["$ref"], "maxProperties": 1}]]
)
def test_choices_that_are_not_all_references_are_tried_one_by_one(choices: list[Any]) -> None:
    schema = turned({"oneOf": choices, "discriminator": {"propertyName": "kind"}}, Cat=CAT, Dog=DOG)

    assert "allOf" not in schema
    assert len(schema["oneOf"]) == len(choices)


def test_without_choices_a_discriminator_only_describes() -> None:
    assert turned({"type": "object", "discriminator": {"propertyName": "kind"}}) == {"type": "object"}
    assert turned({"oneOf": [True], "discriminator": {}}) == {"oneOf": [True]}


def test_mappings_to_other_schemas_count_for_nothing() -> None:
    discriminator = {"propertyName": "kind", "mapping": {"a": "Other", "b": 1}}

    assert found(discriminator, {"kind": "a"}) == ["body/kind must be one of Cat, Dog"]
