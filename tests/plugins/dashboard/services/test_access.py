"""Who may call a service: terms of the draft, and subscriptions that are decided on."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.dashboard.servicing import api, begun, fields, published
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

PLANS = {"plans": ["gold", "silver"]}


async def asked(visit: Visitor, name: str = "Shop <front>", **how: Any) -> str:
    """Have an application ask for the service; gives the id of its subscription."""
    for plan in PLANS["plans"]:
        if (await api(visit).send("GET", f"/plans/{plan}")).status == 404:
            await api(visit).post("/plans", {"name": plan})
    application = await api(visit).post("/applications", {"name": name, **how})
    wish = {"application": application["id"], "service": "orders", "plan": "gold", "why": "to show <orders>"}
    return str((await api(visit).post("/subscriptions", wish))["id"])


async def state(visit: Visitor, id: str) -> tuple[str, str]:
    one = await api(visit).get(f"/subscriptions/{id}")
    return one["state"], one["plan"]


async def ready(visit: Visitor, team: str = "") -> None:
    for plan in PLANS["plans"]:
        await api(visit).post("/plans", {"name": plan})
    await begun(visit, team=team, **PLANS)
    await published(visit)


async def test_subscription_is_approved_under_a_plan_until_a_time(visit: Visitor) -> None:
    await ready(visit)
    id = await asked(visit)

    listed = (await visit.get("/services/orders/access")).text
    page = await visit.get(f"/services/orders/subscriptions/{id}/approve")
    form = {"plan": "silver", "expires_at": "2027-01-01T09:00", "opinion": "fine", **fields(page)}
    done = await visit.post(f"/services/orders/subscriptions/{id}/approve", form)

    assert "Shop &lt;front&gt;" in listed
    assert "to show &lt;orders&gt;" in listed
    assert '<option value="gold" selected>' in page.text
    assert done.headers["location"] == "/_tollbridge/services/orders/access?said=approve"
    one = await api(visit).get(f"/subscriptions/{id}")
    assert (one["state"], one["plan"], one["expires_at"]) == ("approved", "silver", "2027-01-01T09:00:00Z")
    assert one["opinion"] == "fine"


async def test_subscription_is_refused_with_a_reason_or_ended(visit: Visitor) -> None:
    await ready(visit)
    first, second = await asked(visit), await asked(visit, "Desk")
    await api(visit).post(f"/subscriptions/{second}/approve")

    await visit.post(f"/services/orders/subscriptions/{first}/refuse", {"opinion": "not this one"})
    await visit.post(f"/services/orders/subscriptions/{second}/end", {"opinion": "the trial is over"})

    assert [await state(visit, one) for one in (first, second)] == [("refused", "gold"), ("ended", "gold")]
    assert (await api(visit).get(f"/subscriptions/{first}"))["opinion"] == "not this one"


@pytest.mark.parametrize("typed", ["soon", "2020-01-01T00:00"])
async def test_end_that_is_none_stands_beside_its_field(visit: Visitor, typed: str) -> None:
    await ready(visit)
    id = await asked(visit)

    reply = await visit.post(f"/services/orders/subscriptions/{id}/approve", {"plan": "gold", "expires_at": typed})

    assert reply.status_code == 400
    assert f'value="{typed}"' in reply.text
    assert 'id="h-expires_at"' in reply.text
    assert (await state(visit, id))[0] == "asked"


async def test_what_cannot_be_decided_is_nothing_here(visit: Visitor) -> None:
    await ready(visit)
    await begun(visit, "sum", "prompt")
    id = await asked(visit)

    assert (await visit.get(f"/services/orders/subscriptions/{id}/cancel")).status_code == 404
    assert (await visit.get(f"/services/sum/subscriptions/{id}/approve")).status_code == 404
    assert (await visit.get("/services/orders/subscriptions/sub_0/approve")).status_code == 404


async def test_team_decides_on_its_services_and_hears_who_asks(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    ada = await visit.person("ada", blue="team-admin")
    await visit.person("bob", red="team-admin")
    await visit.sign_in_as(ada)
    await ready(visit, team="blue")
    id = await asked(visit, team="red")

    page = (await visit.get("/services/orders/access")).text
    await visit.post(f"/services/orders/subscriptions/{id}/approve", {"plan": "gold"})

    assert "Shop &lt;front&gt;" in page  # an application of another team is named to who decides on it
    assert await state(visit, id) == ("approved", "gold")


async def test_who_only_reads_sees_no_buttons(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    ada = await visit.person("ada", blue="viewer")
    await api(visit).post("/roles", {"name": "reader", "scopes": ["admin:services:read"]})
    await ready(visit, team="blue")
    id = await asked(visit)
    await visit.under.gateway.people.set_membership(ada.id, "blue", "reader")
    await visit.sign_in_as(ada)

    page = (await visit.get("/services/orders/access")).text
    forced = await visit.post(f"/services/orders/subscriptions/{id}/approve", {"plan": "gold"})

    assert "Who subscribes is not yours to see." in page
    assert "Edit the terms" not in page
    assert "/approve" not in page
    assert forced.status_code == 403
    assert (await state(visit, id))[0] == "asked"
