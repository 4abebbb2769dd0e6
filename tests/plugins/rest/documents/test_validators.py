"""Validators are made once, kept within a bound, and shared where schemas are large."""

from typing import Any

import pytest
from tests.plugins.rest.documents.making import answering, document_with, json_body

from tollbridge_rest.documents import validators
from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.schemas import Side
from tollbridge_rest.documents.sizes import Sizes
from tollbridge_rest.documents.validators import Validators


def made(**schemas: Any) -> Validators:
    return Validators(document_with({}, components={"schemas": schemas}))


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_a_validator_is_made_once_for_each_side() -> None:
    kept = made(A={"type": "string"})
    inline = {"type": "integer"}

    assert kept.of(ref("A"), Side.REQUEST) is kept.of(ref("A"), Side.REQUEST)
    assert kept.of(ref("A"), Side.REQUEST) is not kept.of(ref("A"), Side.RESPONSE)
    assert kept.of(inline, Side.REQUEST) is kept.of(inline, Side.REQUEST)


def test_those_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validators, "MAX_KEPT", 2)
    kept = made(A={}, B={}, C={"properties": {"a": {}, "b": {}}})

    first = kept.of(ref("A"), Side.REQUEST)
    second = kept.of(ref("B"), Side.REQUEST)
    assert kept.of(ref("B"), Side.REQUEST) is second
    assert kept.of(ref("A"), Side.REQUEST) is not first  # each is two schemas with its reference
    large = kept.of(ref("C"), Side.REQUEST)
    assert kept.of(ref("C"), Side.REQUEST) is large  # over the bound by itself


def test_one_that_was_used_again_outlives_one_that_was_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validators, "MAX_KEPT", 4)
    kept = made(A={}, B={}, C={})

    first, second = (kept.of(ref(name), Side.REQUEST) for name in "AB")
    kept.of(ref("A"), Side.REQUEST)
    kept.of(ref("C"), Side.REQUEST)

    assert kept.of(ref("A"), Side.REQUEST) is first
    assert kept.of(ref("B"), Side.REQUEST) is not second


def ring(count: int) -> dict[str, Any]:
    """Make schemas each of which leads to all others."""
    return {
        f"S{n}": {
            "type": "object",
            "properties": {"next": {"$ref": f"#/components/schemas/S{(n + 1) % count}"}, "value": {"type": "integer"}},
        }
        for n in range(count)
    }


def test_schemas_that_lead_to_each_other_share_one_validator(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    real = validators.compile_schema
    monkeypatch.setattr(validators, "compile_schema", lambda schema: compiled.append(schema) or real(schema))
    monkeypatch.setattr(validators, "MAX_ALONE", 20)
    inline = {"type": "array", "items": ref("S3")}
    paths = {f"/{n}": {"post": {**json_body(ref(f"S{n}")), **answering(inline)}} for n in range(30)}
    document = document_with(
        {**paths, "/small": {"post": json_body({"type": "string"})}}, components={"schemas": ring(30)}
    )
    kept = Validators(document)

    for operation in document.operations[:30]:
        assert operation.body is not None
        validator = kept.of(operation.body.content[0].schema, Side.REQUEST)
        assert validator.is_valid({"next": {"next": {"value": 1}}})
        (error,) = validator.errors({"next": {"next": {"value": "x"}}}, every=True)
        assert error[0] == ("next", "next", "value")
        answer = kept.of(operation.answers[0].content[0].schema, Side.RESPONSE)
        assert answer.is_valid([{"value": 1}])
        assert [path for path, *_ in answer.errors([{"value": "x"}], every=False)] == [(0, "value")]

    assert len(compiled) == 2  # one a side
    assert kept.of(ref("S1"), Side.RESPONSE).is_valid({"value": 1})  # no operation answers with it: it is alone
    assert len(compiled) == 3


def test_the_size_of_a_schema_is_that_of_all_it_leads_to() -> None:
    sizes = Sizes(Refs({"components": {"schemas": ring(10)}}))

    # each of the ten is itself, a map, a reference and an integer; the one that is asked for is a reference to one
    assert sizes.over(ref("S0"), 40)
    assert not sizes.over(ref("S0"), 41)
    assert not sizes.over({"type": "string", "example": {"a": {"b": {}}}}, 1)
    assert sizes.over({"allOf": [{}, {}]}, 2)
