"""The description of what a gateway serves by itself."""

import json
from typing import Any

from tollbridge import __version__
from tollbridge.config import load_config
from tollbridge.openapi import describe
from tollbridge.plugins import Plugins

DIALECTS = Plugins().register_all().dialects


def document(**server: Any) -> dict[str, Any]:
    return describe(DIALECTS.values(), load_config({"server": server}, {}))


def test_every_path_of_every_dialect_is_described_with_its_scope() -> None:
    paths = document()["paths"]

    for dialect in DIALECTS.values():
        for operation in dialect.operations:
            described = paths[operation.path][operation.method.lower()]
            assert described["responses"].keys() == {"200", "default", *(["101"] if operation.socket else ())}
            assert (f"Needs the scope {operation.scope}." in described["description"]) == bool(operation.scope)
    chat = paths["/v1/chat/completions"]["post"]
    assert chat["summary"] == "Chat in the dialect openai-chat"
    assert chat["requestBody"]["content"]["application/json"]["schema"]["required"] == ["model"]


def test_path_that_two_dialects_share_names_both() -> None:
    listed = document()["paths"]["/v1/models"]["get"]

    assert "Also in the shape of" in listed["description"]
    assert "requestBody" not in listed


def test_variable_of_a_path_is_a_parameter() -> None:
    one = document()["paths"]["/v1/models/{model}"]["get"]

    assert [(p["name"], p["in"], p["required"]) for p in one["parameters"]] == [("model", "path", True)]


def test_id_in_a_path_is_a_parameter_and_a_form_may_be_a_body() -> None:
    paths = document()["paths"]

    assert [p["name"] for p in paths["/v1/files/{id}/content"]["get"]["parameters"]] == ["id"]
    uploaded = paths["/v1/files"]["post"]["requestBody"]["content"]
    assert uploaded == {kind: {"schema": {"type": "object"}} for kind in ("application/json", "multipart/form-data")}
    assert "multipart/form-data" in paths["/v1/images/edits"]["post"]["requestBody"]["content"]


def test_session_is_described_by_its_upgrade() -> None:
    session = document()["paths"]["/v1/realtime"]["get"]

    assert [(p["name"], p["in"]) for p in session["parameters"]] == [("model", "query")]


def test_operation_ids_are_unique() -> None:
    paths = document()["paths"].values()
    ids = [way["operationId"] for ways in paths for way in ways.values() if "operationId" in way]

    assert len(ids) == len(set(ids))


def test_health_and_metrics_are_open_and_follow_the_configuration() -> None:
    everything, moved, nothing = (
        document(),
        document(prefix="/gate", metrics="/numbers"),
        document(prefix="", metrics=""),
    )

    assert everything["paths"]["/metrics"]["get"]["security"] == []
    assert everything["paths"]["/_tollbridge/readyz"]["get"]["responses"].keys() == {"200", "503"}
    assert {"/gate/healthz", "/gate/readyz", "/numbers"} <= moved["paths"].keys()
    assert not [path for path in nothing["paths"] if "z" in path or "metrics" in path]


def test_document_is_json_of_version_3_1_and_names_every_way_to_show_a_token() -> None:
    found = json.loads(json.dumps(document()))

    assert (found["openapi"], found["info"]["version"]) == ("3.1.0", __version__)
    schemes = found["components"]["securitySchemes"]
    assert {name for choice in found["security"] for name in choice} == schemes.keys()
    assert list(found["paths"]) == sorted(found["paths"])


def test_without_dialects_only_the_gateways_own_pages_are_left() -> None:
    found = describe((), load_config({}, {}))

    assert found["paths"].keys() == {"/_tollbridge/healthz", "/_tollbridge/readyz", "/metrics"}
