"""The audit log: found, read, verified, and given as CSV."""

import csv
import io
import re

import pytest
from sqlalchemy import text
from tests.plugins.dashboard.test_token_pages import EVIL
from tests.support.visiting import PREFIX, Visitor

from tollbridge.administering import Actor, TokenChange

BY = Actor("operator", "cli")


async def lives(visit: Visitor) -> str:
    """Have a token made and changed; gives its id."""
    tokens = visit.under.gateway.tokens
    made = (await tokens.issue(name="till", scopes=["ai:chat"], by=BY)).token
    visit.under.clock.advance(60)
    await tokens.change(made.id, TokenChange(name="shop", scopes=("ai:*",)), by=BY)
    return made.id


def rows(page: str) -> list[str]:
    return re.findall(r'<td class="c-first"><b>([^<]*)</b>', page)


async def test_records_are_read_with_what_changed(visit: Visitor) -> None:
    id = await lives(visit)

    page = (await visit.get(f"/audit?target={id}")).text

    assert rows(page) == ["Token changed", "Token issued"]
    assert f'href="{PREFIX}/tokens/{id}"' in page
    assert re.search(r"<dt>name</dt><dd><del[^>]*><span[^>]*>before: </span>till</del><ins[^>]*>.*?shop</ins>", page)
    assert "2 fields" in page
    assert "by a command" in page


async def test_filters_narrow_it_and_stay_in_the_address(visit: Visitor) -> None:
    for _ in range(20):
        await lives(visit)

    first = (await visit.get("/audit?action=token.issue&actor=operator")).text
    issued = (await visit.get("/audit?action=token.")).text
    older = re.search(r'rel="next" href="(\?[^"]*)"', issued)
    assert older is not None
    second = (await visit.get(f"/audit{older[1].replace('&amp;', '&')}")).text

    assert set(rows(first)) == {"Token issued"}
    assert len(rows(first)) == 20
    assert len(rows(issued)) == 25
    assert len(rows(second)) == 15
    assert 'href="?action=token.">Newest' in second
    assert "No record matches." in (await visit.get("/audit?target=tok_nobody")).text


async def test_days_are_whole_ones_in_the_zone_of_reports(mock) -> None:
    visit = await Visitor(mock(pages={"time_zone": "Pacific/Noumea"})).sign_in()
    visit.under.clock.advance(3_599)
    id = await lives(visit)  # a second before midnight there, which is at 13:00 UTC, and a minute later

    async def found(query: str) -> list[str]:
        return rows((await visit.get(f"/audit?target={id}&action=token.&{query}")).text)

    assert await found("since=2026-01-05&until=2026-01-05") == ["Token issued"]
    assert await found("since=2026-01-06") == ["Token changed"]
    assert await found("until=2026-01-04") == []


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "9999-12-31"])
async def test_day_that_is_none_is_said_at_its_field(visit: Visitor, day: str) -> None:
    reply = await visit.get(f"/audit?until={day}")

    assert reply.status_code == 400
    assert re.search(rf'id="f-until"[^>]*value="{day}"[^>]*aria-invalid="true"', reply.text)


async def test_log_is_there_as_csv_and_that_it_was_read_is_recorded(visit: Visitor) -> None:
    id = await lives(visit)

    reply = await visit.get(f"/audit?target={id}&format=csv")

    head, change, issue = csv.reader(io.StringIO(reply.text.lstrip("\ufeff")))
    assert head == [
        "number",
        "at",
        "actor",
        "via",
        "client",
        "request",
        "action",
        "target",
        "before",
        "after",
        "digest",
    ]
    assert (change[6], issue[6], issue[8]) == ("token.change", "token.issue", "")
    assert '"name": "till"' in change[8]
    assert (await visit.under.gateway.store.list_audit(limit=1))[0].action == "audit.read"


async def test_whole_chain_is_verified_and_one_that_was_altered_is_seen(visit: Visitor) -> None:
    await lives(visit)

    whole = (await visit.get("/audit/verify")).text
    sql = await visit.under.gateway.store._sql()
    async with sql._engine.begin() as connection:
        await connection.execute(text("UPDATE audit SET after = '{}' WHERE number = 1"))
    broken = (await visit.get("/audit/verify")).text

    assert '<span class="pill ok">Whole</span>' in whole
    assert "That is the end of the log." in whole
    assert re.search(r'id="digest">\d+:[0-9a-f]{64}<', whole)
    assert '<span class="pill bad">Broken</span>' in broken
    assert "Record no. 1:" in broken


async def test_long_chain_is_verified_in_parts(visit: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollbridge_admin.auditlog._VERIFIED", 1)
    monkeypatch.setattr("tollbridge_dashboard.audit._PAGES_AT_ONCE", 2)
    await lives(visit)

    first = (await visit.get("/audit/verify")).text
    link = re.search(r'href="(\?after=[^"]*)"', first)
    assert link is not None
    second = (await visit.get(f"/audit/verify{link[1]}")).text

    assert "2 records were verified." in first
    assert '<span class="pill ok">Whole</span>' in second


async def test_whoever_has_a_team_reads_of_one_thing_at_a_time(visit: Visitor) -> None:
    ann = await Visitor(visit.under).sign_in_as(await visit.person("ann", blue="team-admin"))
    ours = (await visit.under.gateway.tokens.issue(name="ours", team="blue")).token.id
    others = (await visit.under.gateway.tokens.issue(name="others")).token.id

    page, one, none = [await ann.get(f"/audit{query}") for query in ("", f"?target={ours}", f"?target={others}")]

    assert page.status_code == 200
    assert "You read of one thing at a time" in page.text
    assert rows(one.text) == ["Token issued"]
    assert none.status_code == 400
    assert "no such thing of your team" in none.text
    assert (await ann.get("/audit/verify")).status_code == 403
    assert "Verify the chain" not in page.text


async def test_people_who_acted_are_named(visit: Visitor) -> None:
    ada = await Visitor(visit.under).sign_in_as(who := await visit.person("ada", bridge="platform-admin"))
    id = await lives(visit)
    await ada.post(f"/tokens/{id}/disable")

    page = (await visit.get(f"/audit?target={id}")).text

    assert f'href="{PREFIX}/people/{who.id}">Ada</a>' in page


async def test_words_of_people_are_text(visit: Visitor) -> None:
    made = (await visit.under.gateway.tokens.issue(name=EVIL)).token
    await visit.under.gateway.store.note(
        await visit.under.gateway.tokens.act(Actor(EVIL, EVIL)), "x.y", EVIL, None, {EVIL: EVIL}
    )

    for path in ("/audit", f"/audit?target={made.id}", "/audit?actor=%3Cscript%3Ealert(1)"):
        page = (await visit.get(path)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


async def test_whoever_has_no_scope_sees_none(visit: Visitor) -> None:
    ada = await Visitor(visit.under).sign_in_as(await visit.person("ada", blue="viewer"))

    assert [(await ada.get(path)).status_code for path in ("/audit", "/audit/verify")] == [403, 403]
