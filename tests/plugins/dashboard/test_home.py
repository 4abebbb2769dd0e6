"""Home says what the ledger says."""

import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from msgspec.structs import replace
from tests.plugins.dashboard.conftest import MOCK, Visitor, element

from tollbridge import EVERY_MODEL, Call, Principal, ScopeSet, TokenBudget, Unavailable, hookimpl
from tollbridge.errors import UpstreamUnreachable
from tollbridge.screens.words import exact_usd, share, usd
from tollbridge.testing.samples import ROW
from tollbridge_dashboard.figures import RANGES

AS_OF = re.compile(r"As of <time[^>]*>(\d\d:\d\d:\d\d)</time> UTC")


async def test_figures_equal_the_ledger(visit) -> None:
    gw = visit.under
    token = await gw.token()
    for model in ("gpt-4o-mini", "gpt-4o-mini", "small", "unknown-price"):
        assert (await gw.chat(model, token=token)).status_code == 200
    gw.upstream.fail(UpstreamUnreachable("no route"))
    assert (await gw.chat("gpt-4o-mini", token=token)).status_code >= 500
    assert (await gw.chat("gpt-4o-mini", token=await gw.token(budget=TokenBudget(1)))).status_code == 429

    page = (await visit.get("/")).text

    rows = await gw.gateway.store.recent(limit=100)
    cost = sum(row.cost or 0 for row in rows)
    assert cost == 2 * 450_000 + 100_000
    assert element(page, "spend") == exact_usd(cost) == "0.001"
    assert element(page, "requests") == str(len(rows)) == "6"
    assert element(page, "active") == "2"
    assert share(1, 6) in page
    assert "1 call</b> without a known price" in page
    assert "<b>mock</b> fails 20.0 % of its calls, last hour" in page
    legend = re.findall(r'<i class="s\d"></i>([\w-]+) <b><data value="([\d.]+)"', page)
    assert legend == [("gpt-4o-mini", "0.0009"), ("small", "0.0001")]
    assert page.count('class="c-time"') == 6
    assert "Refused 429" in page
    assert "no price" in page


async def test_call_that_was_cut_in_its_answer_is_no_refusal(visit) -> None:
    await visit.under.chat("gpt-4o-mini", token=await visit.under.token())
    for number, (status, outcome) in enumerate([(200, "refused"), (401, "refused"), (0, "refused")]):
        await visit.under.gateway.store.settle(
            replace(ROW, call_id=f"req_{number}", at=visit.under.clock.now(), status=status, outcome=outcome)
        )

    page = (await visit.get("/")).text

    statuses = re.findall(
        r'<td class="c-status"><span class="pill \w+">([^<]*)</span>', page.partition('id="calls"')[2]
    )
    assert sorted(statuses) == ["Cut", "Passed", "Refused 0", "Refused 401"]
    assert "2 refused" in shown(page, 'id="requests"')


def shown(page: str, after: str) -> str:
    """Give the text of a page from a mark on, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition(after)[2].partition(">")[2]).split())


async def test_tiles_equal_sql_over_the_ledger(mock) -> None:
    visit = await Visitor(mock(budgets={"unpriced": "allow", "monthly_usd": "0.01"})).sign_in()
    gw, token = visit.under, await visit.under.token()
    for days, calls in ((0, 3), (20, 2), (11, 2), (1, 5)):  # 5 January, 25 January, 5 February, 6 February, at noon
        gw.clock.advance(days * 86_400)
        for _ in range(calls):
            await gw.chat("gpt-4o-mini", token=token, max_tokens=10)
    await visit.sign_in()

    page = (await visit.get("/")).text

    db = sqlite3.connect(gw.gateway.config.data / "tollbridge.db")
    now = gw.clock.now()

    def ask(what: str, since: datetime, until: datetime = now + timedelta(seconds=1)) -> int:
        asked = f"SELECT {what} FROM usage WHERE at >= ? AND at < ?"
        (found,) = db.execute(asked, [int(at.timestamp()) * 1_000_000 for at in (since, until)]).fetchone()
        return found

    month, before = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    cost, earlier = ask("sum(cost)", month), ask("sum(cost)", before, before + (now - month))
    assert (cost, earlier) == (7 * 450_000, 3 * 450_000)
    assert element(page, "spend") == exact_usd(cost)
    assert shown(page, 'id="spend"').startswith(f"{usd(cost)} +133 % on last month to date")  # 7 / 3
    forecast = cost * 28 * 96 // (5 * 96 + 49)  # quarters of an hour: 28 days, of which 5 and 49 quarters are begun
    assert element(page, "forecast") == exact_usd(forecast)
    (spent,) = db.execute("SELECT spent FROM budget WHERE id = 'bridge:2026-02'").fetchone()
    assert f"budget $0.010 a month, <b>{share(spent, 10_000_000)}</b> used" in page
    day = timedelta(days=1)
    assert (ask("count(*)", now - day + timedelta(seconds=1)), ask("count(*)", now - 2 * day, now - day)) == (5, 0)
    assert element(page, "requests") == str(ask("count(*)", now - day + timedelta(seconds=1)))
    passed, whole = db.execute(
        "SELECT count(*) FILTER (WHERE status < 500), count(*) FROM usage WHERE at > 0"
    ).fetchone()
    assert (passed, whole) == (12, 12)
    assert shown(page, 'id="health"').startswith("Service health last hour mock 5 calls, p50 0 ms 100 % passed")
    db.close()


async def test_first_day_of_a_month_has_no_forecast(visit) -> None:
    visit.under.clock.advance((27 * 24 + 11) * 3600)  # to 1 February, 23:00
    await visit.under.chat("gpt-4o-mini")
    await visit.sign_in()

    page = (await visit.get("/")).text
    visit.under.clock.advance(3600)
    later = (await visit.get("/")).text

    assert 'id="forecast"' not in page
    assert element(later, "forecast") == exact_usd(450_000 * 28 * 96 // 97)


async def test_large_sums_are_forecast(mock) -> None:
    models = {"dear": {"targets": ["mock/dear"], "price": {"input": "1000000"}}}
    dear = await Visitor(mock(models=models)).sign_in()
    await dear.under.chat("dear")  # 1,000 tokens

    quarters = 31 * 96, 4 * 96 + 49
    expected = 1000 * 10**9 * quarters[0] // quarters[1]
    assert element((await dear.get("/")).text, "forecast") == exact_usd(expected)


async def test_wrapped_service_is_called_by_its_name(mock, gateway) -> None:
    async def orders(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    visit = await Visitor(gateway({"service": {"name": "orders", "price_per_call": "0.5"}}, app=orders)).sign_in()
    assert (await visit.under.request("GET", "/orders/1")).status_code == 200

    page = (await visit.get("/")).text

    assert re.search(r'<i class="s0"></i>orders <b><data value="0.5"', page)
    assert "no model" not in page
    assert shown(page, 'id="health"').startswith("Service health last hour orders 1 call, p50 0 ms 100 % passed")


async def test_budget_of_another_period_stands_beside_the_months_spend(visit) -> None:
    issued = await visit.under.gateway.tokens.issue(name="x", scopes=EVERY_MODEL, budget=TokenBudget(10**6, "day"))
    await visit.under.chat("gpt-4o-mini", token=issued.secret, max_tokens=10)
    visit.under.clock.advance(43_200)
    await visit.sign_in()

    row = shown((await visit.get("/")).text, 'td class="c-money number"')

    assert row.startswith("$0.00045 $0.00 / $0.001 today 1 12 h ago")


@pytest.mark.parametrize("range", ["24h", "7d", "30d", "nonsense", ""])
async def test_ranges_add_up(visit, range) -> None:
    await visit.under.chat("gpt-4o-mini")
    visit.under.clock.advance(3 * 86_400)
    await visit.sign_in()
    await visit.under.chat("gpt-4o-mini")

    page = (await visit.get(f"/?range={range}")).text

    shown = re.search(r'<i class="s0"></i>gpt-4o-mini <b><data value="([\d.]+)"', page)
    assert shown
    assert shown[1] == ("0.0009" if range in ("7d", "30d") else "0.00045")
    assert element(page, "spend") == "0.0009"
    assert element(page, "requests") == "1"


async def test_many_models_fold_into_others(mock) -> None:
    price = {"input": "1", "output": "0"}
    models = {f"m{i}": {"targets": [f"mock/m{i}"], "price": price} for i in range(8)}
    visit = await Visitor(mock(models=models)).sign_in()
    for name in models:
        await visit.under.chat(name)

    page = (await visit.get("/")).text

    assert re.search(r'<i class="s5"></i>other models <b><data value="0.003"', page)
    assert "s6" not in page


async def test_last_month_is_not_this_month(visit) -> None:
    await visit.under.chat("gpt-4o-mini")
    visit.under.clock.advance(31 * 86_400)
    await visit.sign_in()

    page = (await visit.get("/?range=24h")).text

    assert element(page, "spend") == "0"
    assert element(page, "requests") == "0"
    assert "Nothing was charged in this range." in page
    assert "No calls in this range." in page


async def test_nothing_yet_shows_three_steps_that_turn_done(visit) -> None:
    first = (await visit.get("/")).text
    await visit.under.gateway.tokens.issue(name="one")
    second = (await visit.get("/")).text
    await visit.under.chat("gpt-4o-mini")
    third = (await visit.get("/")).text

    assert "Three steps" in first
    assert first.count('<li class="open">') == 2
    assert second.count('<li class="open">') == 1
    assert "Three steps" not in third


async def test_attention_only_when_there_is_something(visit) -> None:
    gw = visit.under
    await gw.chat("gpt-4o-mini")
    assert "needs you" not in (await visit.get("/")).text

    await gw.gateway.tokens.issue(name="soon", expires_at=gw.clock.now() + timedelta(days=6))

    page = (await visit.get("/")).text
    assert "1 thing needs you" in page
    assert '<a href="/_tollbridge/tokens?state=ending"><b>1 token</b></a> ends within a week' in page
    assert re.search(r'/_tollbridge/tokens/tok_\w+">soon</a> in 6 days', page)


async def test_fresh_page_only_when_something_changed(visit) -> None:
    await visit.under.chat("gpt-4o-mini")
    page = await visit.get("/")
    headers = {"if-none-match": page.headers["etag"]}

    visit.under.clock.advance(15)
    same = await visit.get("/", **headers)
    await visit.under.chat("gpt-4o-mini")
    changed = await visit.get("/", **headers)

    assert AS_OF.search(page.text)[1] == "12:00:00"
    assert (same.status_code, same.content, same.headers["x-as-of"]) == (304, b"", "12:00:15")
    assert changed.status_code == 200
    assert AS_OF.search(changed.text)[1] == "12:00:15"


async def test_budget_is_shown_beside_the_spend(visit) -> None:
    token = await visit.under.token(budget=TokenBudget(10**9, "month"))
    await visit.under.chat("gpt-4o-mini", token=token, max_tokens=10)

    page = (await visit.get("/")).text

    assert '<data value="0.00045">$0.00045</data> / $1.00' in page
    assert 'class="meter fine"' in page


async def test_caller_without_a_token_is_shown_by_the_name_its_source_gave(gateway, monkeypatch) -> None:
    @dataclass(frozen=True)
    class Everybody:
        headers: ClassVar[tuple[bytes, ...]] = ()

        async def identify(self, call: Call) -> Principal:
            return Principal("<ada>", "Ada", ScopeSet(("ai:*", "model:*")))

    class Desk:
        @hookimpl
        def register_identity_sources(self, register) -> None:
            register("desk", Everybody)

    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    visit = await Visitor(gateway({**MOCK, "identity": {"desk": {}}}, plugins=(Desk(),))).sign_in()
    assert (await visit.under.chat("small", token="")).status_code == 200

    page = (await visit.get("/")).text

    assert page.count("<b>desk:&lt;ada&gt;</b>") == 2
    assert "no token" not in page


async def test_store_that_does_not_answer_gives_a_plain_page(visit, monkeypatch) -> None:
    async def fail(**_: object) -> None:
        raise Unavailable("gone", detail="/secret/path")

    monkeypatch.setattr(visit.under.gateway.store, "recent", fail)

    reply = await visit.get("/")

    assert reply.status_code == 503
    assert "Not available" in reply.text
    assert "/secret/path" not in reply.text


def test_labels_of_the_axis_stand_evenly() -> None:
    for chosen in RANGES.values():
        for step in (chosen.cost_step, chosen.calls_step):
            assert (chosen.length // step) % 6 == 0


async def test_months_days_and_times_are_those_of_the_time_zone_of_reports(mock) -> None:
    visit = await Visitor(mock(pages={"time_zone": "Asia/Kathmandu"})).sign_in()
    gw = visit.under
    new_year = datetime(2026, 1, 31, 18, 15, tzinfo=UTC)  # 1 February, 00:00 in Kathmandu
    for at, cost in ((new_year - timedelta(seconds=1), 1_000_000), (new_year, 2_000_000), (new_year, 3_000_000)):
        await gw.gateway.store.settle(replace(ROW, call_id=f"req_{cost}", at=at, model="gpt-4o-mini", cost=cost))
    gw.clock.advance((new_year + timedelta(hours=9) - gw.clock.now()).total_seconds())
    await visit.sign_in()

    day, month = (await visit.get("/")).text, (await visit.get("/?range=30d")).text

    assert element(day, "spend") == exact_usd(5_000_000)
    assert "Feb 2026, UTC+05:45" in day
    assert re.search(r"As of <time[^>]*>09:00:00</time> UTC\+05:45", day)
    assert "/usage?from=2026-02-01&amp;to=2026-02-01" in day
    assert re.search(r">00:00:00</time>", day)
    table = month.partition('id="cost-numbers"')[2].partition("</table>")[0]
    rows = re.findall(r'<th scope="row">([^<]*)</th><td class="number">([^<]*)', table)
    assert [title for title, _cost in rows] == ["Sat 31 Jan", "Sun 1 Feb"]
    assert [cost.strip("$") for _title, cost in rows] == ["0.001", "0.005"]
    assert "Sat 31 Jan, 12:00 UTC+05:45" in month.partition('id="traffic-numbers"')[2]


async def test_provider_is_told_apart_by_the_service_that_it_was_asked_for(visit) -> None:
    at = visit.under.clock.now()
    for number, service in enumerate(("ai", "digest")):
        row = replace(
            ROW, call_id=f"req_{number}", at=at, service=service, provider="mock", status=200, outcome="complete"
        )
        await visit.under.gateway.store.settle(row)

    page = (await visit.get("/")).text

    health = page.partition('<ul class="health">')[2].partition("</ul>")[0]
    assert sorted(re.findall(r"<b>([^<]*)</b>", health)) == ["digest → mock", "mock"]
