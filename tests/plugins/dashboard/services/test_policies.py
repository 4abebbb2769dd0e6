"""Policies of a service: added, changed, moved and switched off in its draft."""

import json

import pytest
from tests.plugins.dashboard.servicing import api, begun, draft, fields
from tests.support.visiting import Visitor

MASKING = {"masking": {"level": "full"}}


async def test_policy_is_added_to_the_draft_and_shown_as_on(visit: Visitor) -> None:
    await begun(visit)
    form = {"policy": "masking", "options": '{"level": "full"}', **fields(await visit.get("/services/orders/policies"))}

    reply = await visit.post("/services/orders/policies", form)

    page = (await visit.get("/services/orders/policies?said=added")).text
    assert reply.status_code == 303
    assert (await draft(visit))["policies"] == MASKING
    assert '<span class="pill ok">On</span>' in page
    assert "1. masking" in page


async def test_policy_that_nobody_offers_says_so_beside_itself(visit: Visitor) -> None:
    await begun(visit, policies={"nobody": {}, **MASKING})

    page = (await visit.get("/services/orders/policies")).text

    assert '<span class="pill bad">Cannot be run</span>' in page
    assert "no installed plugin offers a policy" in page
    assert '<span class="pill ok">On</span>' in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"policy": "", "options": "{}"}, "Say which policy."),
        ({"policy": "masking", "options": "{}"}, "has this policy already"),
        ({"policy": "other", "options": "[]"}, "no JSON object"),
    ],
)
async def test_policy_that_cannot_be_added_stands_beside_its_field(
    visit: Visitor, form: dict[str, str], said: str
) -> None:
    await begun(visit, policies=MASKING)

    reply = await visit.post("/services/orders/policies", form)

    assert reply.status_code == 400
    assert said in reply.text
    assert (await draft(visit))["policies"] == MASKING


async def test_options_are_changed_unless_somebody_else_did_meanwhile(visit: Visitor) -> None:
    await begun(visit, policies={"a": {}, **MASKING})
    page = await visit.get("/services/orders/policies/masking")
    form = {"options": json.dumps({"level": "none"}), **fields(page)}

    saved = await visit.post("/services/orders/policies/masking", form)
    late = await visit.post("/services/orders/policies/masking", {**form, "options": "{}"})
    broken = await visit.post("/services/orders/policies/masking", {"options": "{"})

    assert "&#34;full&#34;" in page.text
    assert (saved.status_code, late.status_code, broken.status_code) == (303, 400, 400)
    assert "changed since" in late.text
    assert list((await draft(visit))["policies"].items()) == [("a", {}), ("masking", {"level": "none"})]


async def test_order_is_changed_and_one_is_switched_off(visit: Visitor) -> None:
    await begun(visit, policies={"a": {}, "b": {}, "c": {}})

    async def tag() -> dict[str, str]:
        return fields(await visit.get("/services/orders/policies"))

    await visit.post("/services/orders/policies/c/up", await tag())
    assert list((await draft(visit))["policies"]) == ["a", "c", "b"]
    await visit.post("/services/orders/policies/a/up", await tag())
    await visit.post("/services/orders/policies/c/remove", await tag())

    assert list((await draft(visit))["policies"]) == ["a", "b"]


async def test_policy_that_is_not_there_is_nothing(visit: Visitor) -> None:
    await begun(visit)

    assert (await visit.get("/services/orders/policies/nobody")).status_code == 404
    for path in ("nobody", "nobody/up", "nobody/remove"):
        assert (await visit.post(f"/services/orders/policies/{path}", {"options": "{}"})).status_code == 404


async def test_change_that_comes_too_late_is_refused_and_said(visit: Visitor) -> None:
    await begun(visit, policies=MASKING)
    form = fields(await visit.get("/services/orders/policies"))
    await api(visit).patch("/services/orders", {"draft": {"description": "Other."}})

    reply = await visit.post("/services/orders/policies/masking/remove", form)

    assert reply.status_code == 400
    assert "changed since" in reply.text
    assert (await draft(visit))["policies"] == MASKING


async def test_name_of_a_policy_is_never_markup(visit: Visitor) -> None:
    name = "<img src=x onerror=alert(1)>"
    await begun(visit, policies={name: {"a": "<b>"}})

    listed = (await visit.get("/services/orders/policies")).text
    link = listed.partition("policies/%3Cimg")[2].partition('"')[0]
    edited = await visit.get(f"/services/orders/policies/%3Cimg{link.removesuffix('/remove')}")

    assert edited.status_code == 200
    assert "<img src=x" not in listed
    assert "<img src=x" not in edited.text
