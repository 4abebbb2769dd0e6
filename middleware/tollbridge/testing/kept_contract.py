"""What every store promises of kept answers, as tests.  Subclass `KeptContract` as `StoreContract` says."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.stores.base import Store
from tollbridge.stores.kept import KeptAnswer
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import NOON

KEPT = KeptAnswer(
    id="resp_1",
    token_id="tok_1",
    provider="acme",
    model="large",
    at=NOON,
    ends_at=NOON + timedelta(days=30),
    items=("msg_2", "msg_1"),
)


def sized(answer: KeptAnswer, content: bytes) -> KeptAnswer:
    """Give the answer as it comes back when it was kept with that content."""
    return replace(answer, size=len(content))


class KeptContract:
    """Tests of `KeptStore`."""

    async def test_answer_is_found_as_it_was_kept_with_its_content(self, store: Store) -> None:
        store.keep(KEPT, b"sealed")

        assert await store.find_answer("resp_1", "tok_1") == sized(KEPT, b"sealed")
        assert await store.contents(["resp_1", "resp_2"], "tok_1") == {"resp_1": b"sealed"}

    async def test_answer_without_content_has_a_place_and_no_more(self, store: Store) -> None:
        store.keep(KEPT, b"")

        assert await store.find_answer("resp_1", "tok_1") == KEPT
        assert await store.contents(["resp_1"], "tok_1") == {}

    @pytest.mark.parametrize("id", ["resp_2", "", "%", "\ud800"])
    async def test_answer_nobody_kept_is_not_there(self, store: Store, id: str) -> None:
        store.keep(KEPT, b"sealed")

        assert await store.find_answer(id, "tok_1") is None
        assert await store.find_thread(id, "tok_1") == []
        assert await store.find_holders([id], "tok_1") == []
        assert not await store.forget_answer(id, "tok_1")

    async def test_answer_of_another_token_is_not_there_and_stays(self, store: Store) -> None:
        store.keep(KEPT, b"sealed")

        assert await store.find_answer("resp_1", "tok_2") is None
        assert await store.find_thread("resp_1", "tok_2") == []
        assert await store.find_holders(["msg_1"], "tok_2") == []
        assert await store.contents(["resp_1"], "tok_2") == {}
        assert not await store.forget_answer("resp_1", "tok_2")
        store.keep(replace(KEPT, token_id="tok_2", provider="other", items=("msg_3",)), b"taken over")
        assert await store.find_answer("resp_1", "tok_2") is None
        assert await store.find_answer("resp_1", "tok_1") == sized(KEPT, b"sealed")

    async def test_answer_kept_twice_is_the_second(self, store: Store) -> None:
        second = replace(KEPT, provider="other", before="resp_0", items=("msg_3",))
        store.keep(KEPT, b"first")
        store.keep(second, b"again")

        assert await store.find_answer("resp_1", "tok_1") == sized(second, b"again")
        assert await store.find_holders(["msg_1"], "tok_1") == []

    async def test_answer_whose_time_is_over_is_not_there(self, store: Store, clock: FixedClock) -> None:
        store.keep(KEPT, b"sealed")
        clock.advance(timedelta(days=30).total_seconds())

        assert await store.find_answer("resp_1", "tok_1") is None
        assert await store.find_holders(["msg_1"], "tok_1") == []
        assert await store.contents(["resp_1"], "tok_1") == {}

    async def test_forgotten_answer_is_gone_with_its_items(self, store: Store) -> None:
        store.keep(KEPT, b"sealed")

        assert await store.forget_answer("resp_1", "tok_1")
        assert not await store.forget_answer("resp_1", "tok_1")
        assert await store.find_answer("resp_1", "tok_1") is None
        assert await store.find_holders(["msg_1", "msg_2"], "tok_1") == []

    async def test_thread_begins_with_its_first_answer(self, store: Store) -> None:
        thread = [
            replace(KEPT, id=f"resp_{turn}", before=f"resp_{turn - 1}" if turn else "", items=()) for turn in range(4)
        ]
        for answer in reversed(thread):
            store.keep(replace(answer, items=(f"of_{answer.id}",)), b"")
        store.keep(replace(KEPT, id="resp_9", before="resp_1", items=()), b"")  # another way on from the second

        assert await store.find_thread("resp_3", "tok_1") == thread
        assert await store.find_thread("resp_1", "tok_1") == thread[:2]

    async def test_thread_whose_beginning_is_gone_says_so(self, store: Store) -> None:
        store.keep(replace(KEPT, id="resp_2", before="resp_1"), b"")

        (found,) = await store.find_thread("resp_2", "tok_1")
        assert found.before == "resp_1"

    async def test_thread_that_goes_in_a_circle_ends(self, store: Store) -> None:
        store.keep(replace(KEPT, id="resp_1", before="resp_2"), b"")
        store.keep(replace(KEPT, id="resp_2", before="resp_1"), b"")

        assert {answer.id for answer in await store.find_thread("resp_1", "tok_1")} == {"resp_1", "resp_2"}

    async def test_holder_of_an_item_is_its_newest_and_the_oldest_holder_comes_first(self, store: Store) -> None:
        later = replace(KEPT, id="resp_0", at=NOON + timedelta(seconds=1), items=("msg_1", "msg_7"))
        store.keep(later, b"")
        store.keep(KEPT, b"")

        assert await store.find_holders(["msg_1", "msg_2", "msg_8"], "tok_1") == [KEPT, later]
        assert await store.find_holders(["msg_1"], "tok_1") == [later]
        assert await store.find_holders([], "tok_1") == []

    async def test_strangers_are_items_of_others_alone(self, store: Store, clock: FixedClock) -> None:
        own = replace(KEPT, id="resp_2", token_id="tok_2", items=("msg_2", "msg_3"), ends_at=NOON + timedelta(days=60))
        store.keep(KEPT, b"")
        store.keep(own, b"")
        asked = ["msg_1", "msg_2", "msg_3", "msg_9"]

        assert await store.find_strangers(asked, "tok_1") == ["msg_3"]
        assert await store.find_strangers(asked, "tok_2") == ["msg_1"]
        assert sorted(await store.find_strangers(asked, "")) == ["msg_1", "msg_2", "msg_3"]
        clock.advance(timedelta(days=30).total_seconds())
        assert await store.find_strangers(asked, "tok_2") == []
        assert sorted(await store.find_strangers(asked, "tok_1")) == ["msg_2", "msg_3"]
