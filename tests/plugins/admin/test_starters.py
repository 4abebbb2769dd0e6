"""Prompt APIs to begin with, given over the API."""

from collections.abc import Callable

from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.testing import GatewayUnderTest


async def test_each_starter_is_a_draft_that_lacks_a_model_alone(admin: Admin) -> None:
    found = (await admin.get("/prompt-starters")).json()["items"]

    assert [one["name"] for one in found] == ["sentiment", "translation", "extraction", "summary"]
    for one in found:
        made = await admin.post("/services", {"slug": one["name"], "kind": one["kind"], "draft": one["draft"]})
        assert made.status_code == 201, made.text
        draft = (await admin.get(f"/services/{one['name']}/draft")).json()
        wrong = [problem["field"] for problem in draft["problems"] if not problem["warning"]]
        assert wrong == ["model"]


async def test_gateway_without_prompt_apis_has_none(gateway: Callable[..., GatewayUnderTest]) -> None:
    admin = await an_admin(gateway({"plugins": {"disabled": ["prompts"]}}))

    assert (await admin.get("/prompt-starters")).json() == {"items": []}
