"""The OpenAPI description is that of the routes, and valid."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.requires import requires

from tollbridge_admin.app import make_table
from tollbridge_admin.routes import ANY_OR_NONE, ANY_TOKEN, ANYBODY


@pytest.fixture
async def document(admin: Admin) -> dict[str, Any]:
    found: dict[str, Any] = (await admin.get("/openapi.json")).json()
    return found


async def test_every_route_is_described_and_nothing_else(admin: Admin, document: dict[str, Any]) -> None:
    described = {
        (method.upper(), path): about
        for path, methods in document["paths"].items()
        for method, about in methods.items()
    }

    assert document["openapi"] == "3.1.0"
    routes = make_table(admin.under.gateway).routes
    assert set(described) == {(one.method, one.path) for one in routes}
    for one in routes:
        about = described[one.method, one.path]
        assert (about["operationId"], about["summary"]) == (one.name, one.summary)
        needed = {ANY_TOKEN: [{"bearer": []}], ANY_OR_NONE: [{"bearer": []}, {}], ANYBODY: []}
        assert about["security"] == needed.get(one.scope, [{"bearer": [one.scope]}])
        assert str(one.status) in about["responses"]
        assert ("requestBody" in about) is (not one.reads and bool(one.takes.__struct_fields__))
        named = {parameter["name"] for parameter in about["parameters"]}
        assert set(one.names) <= named
        assert ("Idempotency-Key" in named) is (one.method == "POST" and one.scope != ANYBODY and not one.looks)
        assert ("If-Match" in named) is (one.tagged and not one.reads)
    assert len({about["operationId"] for about in described.values()}) == len(routes)
    assert all(about["summary"].endswith(".") for about in described.values())


async def test_every_schema_is_one_of_json_schema_2020_12(document: dict[str, Any]) -> None:
    schemas = dict(document["components"]["schemas"])
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            for parameter in about["parameters"]:
                schemas[f"{method} {path} {parameter['name']}"] = parameter["schema"]

    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert {"TokenShown", "IssuedShown", "NewTokenWish", "TokenPatch", "Problem"} <= set(schemas)


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [found for part in value.values() for found in references(part)]
        return [found for part in value for found in references(part)] if isinstance(value, list) else []

    found = references(document)

    assert len(found) > 50
    for reference in set(found):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
    named = {reference.rpartition("/")[2] for reference in found if "/schemas/" in reference}
    assert named == set(document["components"]["schemas"])


async def test_names_of_fields_on_the_wire_are_those_described(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["NewTokenWish"]["properties"]

    assert "from" in properties
    assert "networks" not in properties
    assert document["components"]["schemas"]["NewTokenWish"]["additionalProperties"] is False


async def test_description_stands_under_the_public_address(gateway: Any) -> None:
    admin = await an_admin(gateway({"server": {"public_url": "https://ai.example.com"}}))

    assert (await admin.get("/openapi.json")).json()["servers"] == [
        {"url": "https://ai.example.com/_tollbridge/api/v1"}
    ]


@requires("openapi-validator")
async def test_description_is_valid_openapi(document: dict[str, Any]) -> None:
    from openapi_spec_validator import validate

    validate(document)
