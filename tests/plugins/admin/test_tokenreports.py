"""The report on tokens over the API."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.plugins.admin.conftest import Admin

from tollbridge.testing.samples import ROW
from tollbridge_admin import tokenreports


async def used(admin: Admin, id: str, call: str) -> None:
    """Write that a token called a model now, a moment before what follows."""
    row = replace(ROW, call_id=call, at=admin.under.clock.now(), token_id=id, operation="ai:chat", model="small")
    await admin.under.gateway.store.settle(row)
    admin.under.clock.advance(1)


async def test_unused_tokens_and_spare_scopes_are_named(admin: Admin) -> None:
    wide = await admin.make(name="wide", scopes=["ai:*", "model:*", "service:*"])
    idle = await admin.make(name="idle")
    admin.under.clock.advance(40 * 86_400)
    await used(admin, wide["id"], "req_1")
    await admin.make(name="young")

    report = (await admin.get("/tokens/report?days=30")).json()

    assert report["since"] == "2026-01-15T12:00:01Z"
    found = {one["token"]["id"]: one for one in report["items"]}
    assert idle["id"] in found
    assert found[idle["id"]]["unused"]
    assert not found[wide["id"]]["unused"]
    assert found[wide["id"]]["spare_scopes"] == ["service:*"]
    assert found[wide["id"]]["suggested_scopes"] == ["ai:chat", "model:small"]
    assert "young" not in {one["token"]["name"] for one in report["items"]}
    assert report["next"] is None


async def test_findings_come_page_by_page_however_few_tokens_have_any(
    admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenreports, "LARGEST_PAGE", 2)
    monkeypatch.setattr(tokenreports, "_MOST_READ", 4)
    made = []
    for number in range(11):
        admin.under.clock.advance(1)
        made.append((await admin.make(name=f"t{number}"))["id"])
    admin.under.clock.advance(40 * 86_400)
    admin.under.gateway.store.touch(admin.id, admin.under.clock.now() - timedelta(days=1), "")
    for number, id in enumerate(made):
        if number % 3:
            await used(admin, id, f"req_{number}")
            await admin.patch(f"/tokens/{id}", {"scopes": ["ai:chat"]})

    seen: list[str] = []
    after = ""
    pages = 0
    while after is not None:
        page = (await admin.get(f"/tokens/report?days=30&limit=1&after={after}")).json()
        assert len(page["items"]) <= 1
        seen += [one["token"]["id"] for one in page["items"]]
        after, pages = page["next"], pages + 1

    assert [id for id in seen if id != admin.id] == [id for number, id in enumerate(made) if number % 3 == 0][::-1]
    assert len(seen) == len(set(seen))
    assert pages > 4


@pytest.mark.parametrize("query", ["days=0", "days=3651", "limit=0", "after=dG9rZW5zOng"])
async def test_report_of_another_range_is_refused(admin: Admin, query: str) -> None:
    reply = await admin.get(f"/tokens/report?{query}")

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, query.partition("=")[0])
