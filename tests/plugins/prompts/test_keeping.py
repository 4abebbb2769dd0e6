from hypothesis import given
from hypothesis import strategies as st

from tollbridge import Usage
from tollbridge.testing import FixedClock
from tollbridge_prompts.bounds import KEPT_ANSWER, KEPT_ANSWERS, KEPT_CHARACTERS
from tollbridge_prompts.keeping import Keeping, is_known, key_of, tag_of
from tollbridge_prompts.running import Result


def result(text: str = "a") -> Result:
    return Result(text, text, 1, Usage(), 0)


def test_answer_is_good_for_its_time_and_no_longer() -> None:
    clock = FixedClock()
    keeping = Keeping(clock, 10)
    keeping.keep(b"k", result())

    clock.advance(9.9)
    assert keeping.find(b"k") == (result(), 9)
    clock.advance(0.1)
    assert keeping.find(b"k") is None
    assert keeping.find(b"other") is None


def test_answer_that_is_found_grows_no_younger_and_a_new_one_is() -> None:
    clock = FixedClock()
    keeping = Keeping(clock, 10)
    keeping.keep(b"k", result())
    clock.advance(6)
    keeping.find(b"k")
    keeping.keep(b"k", result("b"))

    clock.advance(6)

    assert keeping.find(b"k") == (result("b"), 6)


def test_nothing_is_kept_for_no_time() -> None:
    keeping = Keeping(FixedClock(), 0)
    keeping.keep(b"k", result())

    assert keeping.find(b"k") is None


def test_number_of_answers_is_bounded_and_the_unasked_go_first() -> None:
    keeping = Keeping(FixedClock(), 10)
    for number in range(KEPT_ANSWERS):
        keeping.keep(b"%d" % number, result())
    keeping.find(b"0")

    keeping.keep(b"one more", result())

    assert keeping.find(b"0") is not None
    assert keeping.find(b"1") is None
    assert keeping.find(b"2") is not None


def test_size_of_answers_is_bounded() -> None:
    keeping = Keeping(FixedClock(), 10)
    fitting = KEPT_CHARACTERS // KEPT_ANSWER
    for number in range(fitting + 1):
        keeping.keep(b"%d" % number, result("a" * KEPT_ANSWER))

    assert keeping.find(b"0") is None
    assert keeping.find(b"1") is not None


def test_replaced_answer_takes_no_room() -> None:
    keeping = Keeping(FixedClock(), 10)
    keeping.keep(b"first", result())
    for _ in range(100):
        keeping.keep(b"k", result("a" * KEPT_ANSWER))

    assert keeping.find(b"first") is not None


def test_answer_that_is_too_large_is_not_kept_and_drops_the_one_before() -> None:
    keeping = Keeping(FixedClock(), 10)
    keeping.keep(b"k", result())

    keeping.keep(b"k", result("a" * (KEPT_ANSWER + 1)))

    assert keeping.find(b"k") is None


def test_cleared_keeps_nothing() -> None:
    keeping = Keeping(FixedClock(), 10)
    keeping.keep(b"k", result())

    keeping.clear()

    assert keeping.find(b"k") is None


def test_key_is_of_release_caller_how_strict_that_is_and_input() -> None:
    keys = {
        key_of("r", "c", {"a": 1, "b": 2}),
        key_of("r", "c", {"b": 2, "a": 1}),
        key_of("r2", "c", {"a": 1, "b": 2}),
        key_of("r", "c2", {"a": 1, "b": 2}),
        key_of("r", "c", {"a": 1, "b": 2}, strict=True),
        key_of("r", "c", {"a": "1", "b": 2}),
    }

    assert len(keys) == 5


@given(st.lists(st.binary(max_size=3), min_size=4, max_size=4), st.lists(st.binary(max_size=3), min_size=4, max_size=4))
def test_tags_differ_where_anything_does(one: list[bytes], other: list[bytes]) -> None:
    tags = [tag_of(a, b.hex(), {"v": c.hex()}, d) for a, b, c, d in (one, other)]

    assert (tags[0] == tags[1]) == (one == other)
    assert tags[0].startswith('"')


def test_tag_is_known_in_a_list_weak_or_by_a_star() -> None:
    assert is_known("*", '"a"')
    assert is_known('"b", W/"a"', '"a"')
    assert not is_known('"b"', '"a"')
    assert not is_known("a", '"a"')
