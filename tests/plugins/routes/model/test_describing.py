"""What is told of a model route."""

from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.plugins.routes.model.conftest import define

from tollbridge.services.kinds import About
from tollbridge_routes.model.describing import openapi_of

ABOUT = About("fast", "Fast", "Is fast.", "1.2", "https://gw.example/v1/apis/fast")


def test_it_is_told_to_be_called_as_any_model_by_its_own_name() -> None:
    told = openapi_of(ABOUT, define(most={"answers": 2, "tools": 3}))

    OpenAPIV31SpecValidator(told).validate()
    assert told["info"] == {"title": "Fast", "version": "1.2", "description": "Is fast."}
    assert told["servers"] == [{"url": "https://gw.example"}]
    operation = told["paths"]["/v1/chat/completions"]["post"]
    assert operation["x-tollbridge-tool"] is False
    properties = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert properties["model"] == {"const": "api/fast"}
    assert (properties["n"]["maximum"], properties["tools"]["maxItems"]) == (2, 3)


def test_what_nobody_said_is_not_told() -> None:
    told = openapi_of(About("fast", "", url="/v1/apis/fast"), define())

    OpenAPIV31SpecValidator(told).validate()
    assert told["info"] == {"title": "fast", "version": "1"}
    assert told["servers"] == [{"url": "/"}]
    schema = told["paths"]["/v1/chat/completions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert sorted(schema["properties"]) == ["messages", "model", "stream"]
