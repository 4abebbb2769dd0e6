"""What differs between two releases, what may break callers, and who they are."""

from tests.plugins.dashboard.servicing import BEHIND, PROMPT, ROUTES, api, begun, published, released
from tests.support.visiting import Visitor

from tollbridge_dashboard.services.diff import lines_of


async def test_breaking_changes_are_marked_and_subscribers_are_named(visit: Visitor) -> None:
    await begun(visit)
    await published(visit)
    application = await api(visit).post("/applications", {"name": "Shop"})
    one = await api(visit).post("/subscriptions", {"application": application["id"], "service": "orders"})
    await api(visit).post(f"/subscriptions/{one['id']}/approve")
    route = {**ROUTES[0], "name": "everything"}
    await api(visit).patch("/services/orders", {"draft": {"definition": {**BEHIND, "routes": [route]}}})

    page = (await visit.get("/services/orders/diff")).text

    assert '<span class="pill bad">May break callers</span>' in page
    assert '<span class="pill bad">Breaking</span>' in page
    assert "Whom to tell" in page
    assert "<b>Shop</b>" in page
    assert '<option value="live" selected>' in page
    assert '<option value="draft" selected>' in page


async def test_two_that_are_alike_say_so(visit: Visitor) -> None:
    await begun(visit)
    await released(visit)

    page = (await visit.get("/services/orders/diff?from=1&to=draft")).text

    assert "The two are the same." in page
    assert "Whom to tell" not in page


async def test_texts_are_compared_line_by_line_and_models_by_their_price(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")
    definition = {**PROMPT["definition"], "system": "Write <em>{{ sentences }}</em> lines.", "model": "gpt-4o-mini"}
    await api(visit).patch("/services/sum", {"draft": {"definition": definition}})

    page = (await visit.get("/services/sum/diff?from=1")).text

    assert "Write &lt;em&gt;{{ sentences }}&lt;/em&gt; lines." in page
    assert "small" in page
    assert "gpt-4o-mini" in page
    assert "$0.150" in page


async def test_release_that_is_not_there_is_said_on_the_page(visit: Visitor) -> None:
    await begun(visit)
    await released(visit)

    reply = await visit.get("/services/orders/diff?from=7&to=draft")
    odd = await visit.get("/services/orders/diff?from=<b>&to=draft")

    assert reply.status_code == 400
    assert "There is no such release" in reply.text
    assert odd.status_code == 400
    assert "<b>&" not in odd.text


def test_change_of_a_text_is_its_lines_and_any_other_its_two_sides() -> None:
    text = {"before": "", "after": "--- before\n+++ after\n@@ -1 +1 @@\n same\n-old\n+new"}

    assert lines_of(text) == [("", "same"), ("removed", "old"), ("added", "new")]
    assert lines_of({"before": "1", "after": "2"}) == [("removed", "1"), ("added", "2")]
    assert lines_of({"before": "", "after": ""}) == []
