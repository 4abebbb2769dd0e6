"""Both kinds in the rest of a gateway: the admin API, everything as code, and MCP."""

import json
from pathlib import Path
from typing import Any

import msgspec
from tests.middleware.cli.conftest import config
from tests.plugins.ascode.conftest import Code, code, repository, site
from tests.plugins.routes.app.conftest import ORDERS, define, publish
from tests.plugins.routes.shop import make_shop

from tollbridge.services.kinds import About
from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge_mcp.operations import read_document
from tollbridge_routes.app.describing import openapi_of
from tollbridge_routes.model.definition import ModelDefinition
from tollbridge_routes.model.describing import openapi_of as model_openapi_of

__all__ = ["code", "config", "gateway", "publish", "repository", "site"]

API = "/_tollbridge/api/v1/services"
ALL = """\
kind: Service
name: orders
spec:
  type: app
  version: "1"
  publish: true
  design:
    name: Orders
    definition:
      prefix: /shop
      routes: [{name: list, path: /orders}]
---
kind: Service
name: fast
spec:
  type: model
  version: "1"
  publish: true
  design:
    name: Fast
    definition: {model: small, system: Be brief., most: {output: 500}}
"""


async def test_both_are_begun_compared_described_and_published_over_the_admin_api(gateway: Any) -> None:
    bridge: GatewayUnderTest = gateway({}, app=make_shop())
    token = await bridge.token("admin:*", "service:*", "model:*", "ai:*")

    async def ask(method: str, path: str, body: Any = None) -> Any:
        reply = await bridge.request(method, f"{API}{path}", token=token, json=body)
        assert reply.status_code < 300, reply.text
        return reply.json()

    drafts = {"orders": ("app", {"prefix": "/shop", "routes": ORDERS}), "fast": ("model", {"model": "small"})}
    for slug, (kind, definition) in drafts.items():
        await ask("POST", "", {"slug": slug, "kind": kind, "draft": {"name": slug, "definition": definition}})
        await ask("POST", f"/{slug}/releases", {"version": "1"})
        await ask("POST", f"/{slug}/releases/1/publish", {})
        shown = await ask("GET", f"/{slug}/draft")
        assert shown["draft"]["definition"].items() >= definition.items()
        assert (await ask("GET", f"/{slug}/openapi"))["openapi"].startswith("3.1")
    await ask("PATCH", "/orders", {"draft": {"definition": {"routes": ORDERS[1:]}}})
    await ask("PATCH", "/fast", {"draft": {"definition": {"most": {"tools": 0}}}})

    orders, fast = [await ask("GET", f"/{slug}/diff") for slug in ("orders", "fast")]

    for diff in (orders, fast):
        assert diff["changes"][0]["breaking"] is True


def test_both_are_documents_of_a_repository(code: Code, repository: Any) -> None:
    folder: Path = repository(all_yaml=ALL)

    made = json.loads(code("apply", "-f", folder, "--json").out)

    assert [f"{step['action']} {step['name']}" for step in made["steps"]] == [
        *("make orders", "release orders 1", "publish orders 1"),
        *("make fast", "release fast 1", "publish fast 1"),
    ]
    assert code("diff", "-f", folder).code == 0
    out = folder.parent / "out"
    assert code("export", "-o", out).code == 0
    assert code("diff", "-f", out).code == 0


def test_routes_of_an_app_are_tools_for_models_and_a_model_is_none() -> None:
    about = About("orders", "Orders", url="https://gw.example/v1/apis/orders")
    document = openapi_of(about, define(*ORDERS, openapi=make_shop().openapi()))
    model = model_openapi_of(about, msgspec.convert({"model": "small"}, ModelDefinition))

    assert [each.tool.name for each in read_document(document).operations] == ["list", "order", "one"]
    assert read_document(model).operations == ()
