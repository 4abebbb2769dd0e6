"""What every store says of usage by any dimension, and which calls it lists, as tests; see `store_contract`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tollbridge.errors import BadRequest
from tollbridge.metering.ledger import UsageRow
from tollbridge.metering.usage import Usage
from tollbridge.stores.base import Store
from tollbridge.stores.histograms import middle_of, place_of
from tollbridge.stores.usages import CallsAsked, CallsFound, Figures, Report, ReportAsked
from tollbridge.testing.samples import ACT, NOON, ROW, child

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PLAIN = replace(ROW, cost=1, usage=Usage(input=2, cache_read=3, output=4, reasoning=1), duration_ms=50, first_byte_ms=9)


async def settled(store: Store, *rows: UsageRow) -> None:
    """Write rows, each as a call of its own, a minute after the one before."""
    for number, row in enumerate(rows):
        await store.settle(replace(row, call_id=f"req_{number}", at=NOON + number * MINUTE))


async def reported(store: Store, **asked: Any) -> Report:
    """Report two hours from noon on."""
    wanted = {"starts": (NOON, NOON + HOUR), "until": NOON + 2 * HOUR, **asked}
    return await (await store.usages()).report(ReportAsked(**wanted))


async def listed(store: Store, **asked: Any) -> CallsFound:
    return await (await store.usages()).rows(CallsAsked(**asked))


def ids(rows: Sequence[UsageRow]) -> list[str]:
    return [row.call_id for row in rows]


class UsageContract:
    """Tests of `UsageStore`."""

    async def test_report_on_nothing_is_empty(self, store: Store) -> None:
        assert await reported(store, by="model") == Report(totals=Figures(), series=[Figures(), Figures()])

    async def test_report_tells_the_biggest_groups_and_the_others_together(self, store: Store) -> None:
        costs = {"a": 5, "b": 7, "c": 1, "d": 2}
        await settled(store, *(replace(PLAIN, model=model, cost=cost) for model, cost in costs.items()))

        found = await reported(store, by="model", top=2)

        assert [(group.key, group.totals.cost) for group in found.groups] == [("b", 7), ("a", 5)]
        assert found.others is not None
        assert (found.others.totals.cost, found.others.totals.calls, found.other_groups) == (3, 2, 2)
        assert (found.totals.cost, [step.cost for step in found.series]) == (15, [15, 0])
        assert [step.cost for step in found.others.series] == [3, 0]

    async def test_report_tells_tokens_of_each_kind_and_how_long_calls_took(self, store: Store) -> None:
        await settled(store, PLAIN, replace(PLAIN, duration_ms=9_000, first_byte_ms=None))

        found = (await reported(store)).totals

        assert found == Figures(
            **{"calls": 2, "cost": 2, "input_tokens": 10, "cache_read_tokens": 6, "output_tokens": 8},
            **{"reasoning_tokens": 2, "latency_p50_ms": 50, "latency_p95_ms": middle_of(place_of(9_000))},
            first_byte_p50_ms=9,
        )

    async def test_report_keeps_to_what_it_is_filtered_by(self, store: Store) -> None:
        await settled(
            store,
            replace(PLAIN, team="blue", model="a", status=500, outcome="upstream_failed"),
            replace(PLAIN, team="blue", model="b"),
            replace(PLAIN, team="red", model="a", token_id="tok_2"),
        )

        async def calls(by: str = "", **filters: Sequence[str]) -> Any:
            found = await reported(store, by=by, filters=filters)
            return [(group.key, group.totals.calls) for group in found.groups] if by else found.totals.calls

        assert await calls(team=["blue"]) == 2
        assert await calls(team=["blue", "red"], model=["a"]) == 2
        assert await calls(ending=["failed"]) == 1
        assert await calls(by="ending") == [("ok", 2), ("failed", 1)]
        assert await calls(by="model", team=["blue"]) == [("a", 1), ("b", 1)]
        assert await calls(by="token_id", team=["red"]) == [("tok_2", 1)]
        assert await calls(by="operation", token_id=["tok_2"]) == [("ai:chat", 1)]
        assert await calls(model=["none"]) == 0

    async def test_report_is_the_same_before_and_after_sums_took_rows_over(self, store: Store) -> None:
        await settled(store, *(replace(PLAIN, model=f"m{number % 3}", cost=number) for number in range(20)))
        before = [await reported(store, by=by) for by in ("model", "team", "token_id", "ending", "provider")]

        await store.close()  # which brings the sums up to date
        await store.open()

        after = [await reported(store, by=by) for by in ("model", "team", "token_id", "ending", "provider")]
        assert after == before
        assert after[0].totals.calls == 20

    @pytest.mark.parametrize(
        "asked",
        [
            {"by": "colour"},
            {"filters": {"colour": ["blue"]}},
            {"by": "model", "order": "made"},
            {"by": "model", "top": 0},
            {"starts": ()},
            {"starts": (NOON, NOON)},
            {"starts": (NOON + 3 * HOUR,)},
            {"by": "operation", "until": NOON + 25 * HOUR},
        ],
    )
    async def test_report_that_cannot_be_is_refused(self, store: Store, asked: dict[str, Any]) -> None:
        with pytest.raises(BadRequest):
            await reported(store, **asked)

    async def test_calls_are_listed_newest_first_a_page_at_a_time(self, store: Store) -> None:
        await settled(store, *[PLAIN] * 5)

        first = await listed(store, limit=2)
        second = await listed(store, limit=2, before=first.following)
        third = await listed(store, limit=2, before=second.following)

        assert [ids(page.rows) for page in (first, second, third)] == [
            ["req_4", "req_3"],
            ["req_2", "req_1"],
            ["req_0"],
        ]
        assert third.following is None
        with pytest.raises(ValueError, match="limit 0"):
            await listed(store, limit=0)

    async def test_calls_of_one_time_are_told_apart_by_their_ids(self, store: Store) -> None:
        for number in (2, 0, 1):
            await store.settle(replace(PLAIN, call_id=f"req_{number}"))

        first = await listed(store, limit=2)

        assert ids(first.rows) == ["req_2", "req_1"]
        assert ids((await listed(store, before=first.following)).rows) == ["req_0"]

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"filters": {"token_id": ["tok_2"]}}, [3]),
            ({"filters": {"token_id": ["tok_1", "tok_2"]}}, [4, 3, 2, 1, 0]),
            ({"filters": {"service": ["orders"]}}, [2]),
            ({"filters": {"service": ["ai", "orders"]}}, [4, 3, 2, 1, 0]),
            ({"filters": {"application": ["app_1"], "service": ["orders"]}}, []),
            ({"filters": {"application": ["app_1"]}}, [1]),
            ({"filters": {"application": [""]}}, [4, 3, 2, 0]),
            ({"filters": {"ending": ["failed"]}}, [3]),
            ({"filters": {"model": ["large"], "team": ["blue"]}}, [4]),
            ({"statuses": [5]}, [3]),
            ({"statuses": [404, 2]}, [4, 2, 1, 0]),
            ({"statuses": [404]}, [2]),
            ({"errors": ["upstream_unreachable"]}, [3]),
            ({"least_ms": 60}, [0]),
            ({"inner": False}, [3, 2, 1, 0]),
            ({"call_id": "req_3"}, [3]),
            ({"call_id": "req_", "statuses": [2]}, [4, 1, 0]),
            ({"call_id": "req_", "limit": 1}, [4]),
            ({"since": NOON + MINUTE, "until": NOON + 3 * MINUTE}, [2, 1]),
        ],
    )
    async def test_calls_are_found_by_what_they_are(
        self, store: Store, asked: dict[str, Any], found: Sequence[int]
    ) -> None:
        plain = replace(PLAIN, service="ai", application="")
        await settled(
            store,
            replace(plain, duration_ms=60),
            replace(plain, application="app_1"),
            replace(plain, service="orders", status=404),
            replace(plain, token_id="tok_2", status=502, outcome="upstream_failed", error="upstream_unreachable"),
            replace(plain, model="large", parent="req_0"),
        )

        assert ids((await listed(store, **asked)).rows) == [f"req_{number}" for number in found]

    async def test_page_says_until_where_calls_were_looked_at(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tollbridge.stores.sqlcalls.MOST_READ", 3)
        await settled(store, replace(PLAIN, model="rare"), *[PLAIN] * 4, replace(PLAIN, model="rare"))

        first = await listed(store, filters={"model": ["rare"]})
        second = await listed(store, filters={"model": ["rare"]}, before=first.following)

        assert (ids(first.rows), first.following) == (["req_5"], (NOON + 3 * MINUTE, ""))
        assert (ids(second.rows), second.following) == (["req_0"], (NOON, ""))
        last = await listed(store, filters={"model": ["rare"]}, before=second.following)
        assert (last.rows, last.following) == ([], None)

    async def test_pages_of_several_tokens_leave_nothing_out(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tollbridge.stores.sqlcalls.MOST_READ", 2)
        await settled(
            store, *(replace(PLAIN, token_id=f"tok_{number % 2}", status=200 + number) for number in range(9))
        )
        wanted: dict[str, Any] = {"filters": {"token_id": ["tok_0", "tok_1"]}, "statuses": [200, 205, 206, 208]}

        seen, page = [], await listed(store, limit=2, **wanted)
        while page.following is not None:
            seen += ids(page.rows)
            page = await listed(store, limit=2, before=page.following, **wanted)

        assert [*seen, *ids(page.rows)] == ["req_8", "req_6", "req_5", "req_0"]

    async def test_calls_that_were_made_for_another_are_its_children(self, store: Store) -> None:
        await settled(store, PLAIN, replace(PLAIN, parent="req_0"), replace(PLAIN, parent="req_0"), PLAIN)
        usages = await store.usages()

        assert ids(await usages.children("req_0")) == ["req_1", "req_2"]
        assert await usages.children("req_1") == []

    async def test_steps_are_told_of_the_biggest_groups_alone_where_that_is_asked(self, store: Store) -> None:
        await settled(store, *(replace(PLAIN, model=f"m{number}", cost=9 - number) for number in (1, 2, 3, 3)))
        usages = await store.usages()

        async def asked(**more: Any) -> Report:
            starts = [NOON, NOON + 2 * MINUTE]
            return await usages.report(ReportAsked(starts=starts, until=NOON + HOUR, by="model", order="cost", **more))

        whole = await asked()
        some, none, cut = await asked(stepped=1), await asked(stepped=0), await asked(top=2, stepped=1)

        assert [[one.cost for one in group.series] for group in whole.groups] == [[0, 12], [8, 0], [7, 0]]
        assert [len(group.series) for group in some.groups] == [2, 0, 0]
        assert [len(group.series) for group in none.groups] == [0, 0, 0]
        for found in (some, none):
            assert [group.totals for group in found.groups] == [group.totals for group in whole.groups]
        assert some.groups[0] == whole.groups[0]
        assert (cut.other_groups, cut.others and (cut.others.totals.cost, cut.others.series)) == (1, (7, []))
        assert len((await asked(top=2, stepped=2)).others.series) == 2  # type: ignore[union-attr]  # there are others

    async def test_tokens_of_a_person_are_those_that_stand_for_them(self, store: Store) -> None:
        for token in (
            child(1, "", owner="per_1"),
            child(2, "tok_1", owner="per_1"),
            child(3, "tok_2", owner="a script"),
            child(4, "", owner="per_1"),
            child(5, "", owner="per_2"),
            child(6, "tok_5", owner="per_1"),
            child(7, "", owner="ada"),
        ):
            await store.add_token(token, ACT)
        usages = await store.usages()

        assert await usages.tokens_of("tok_3") == ["tok_1", "tok_2", "tok_3", "tok_4", "tok_6"]
        assert await usages.tokens_of("tok_7") == ["tok_7"]
        assert await usages.tokens_of("tok_9") == ["tok_9"]

    async def test_names_are_given_by_ids_and_those_of_a_team_alone(self, store: Store) -> None:
        for number in range(1, 4):
            await store.add_token(child(number, "", name=f"n{number}", team="b" if number == 2 else "a"), ACT)
        usages = await store.usages()

        assert await usages.names(["tok_1", "tok_2", "tok_9", "\ud800", ""]) == {"tok_1": "n1", "tok_2": "n2"}
        assert await usages.names(["tok_1", "tok_2"], team="b") == {"tok_2": "n2"}
        assert len(await usages.names([f"tok_{number}" for number in range(3_000)])) == 3
        assert await usages.names([]) == {}
