import gc
import sys
from collections.abc import Callable
from itertools import count

import pytest
from tests.support.growth import assert_linear


def once(size: int) -> Callable[[], object]:
    return lambda: [str(number) for number in range(size)]


def each_against_each(size: int) -> Callable[[], object]:
    numbers = list(range(size))
    return lambda: [numbers.index(number) for number in numbers]


def test_work_in_proportion_to_its_input_passes() -> None:
    assert_linear(once, 5_000)


def test_work_that_looks_at_all_for_each_fails() -> None:
    with pytest.raises(AssertionError, match=r"^10 times the size took \d+ times as long$"):
        assert_linear(each_against_each, 400)


def test_round_that_was_slow_is_forgiven() -> None:
    runs = count()

    def slow_at_first(size: int) -> Callable[[], object]:
        return each_against_each(size) if next(runs) < 5 else once(size)

    assert_linear(slow_at_first, 400)


def test_preparing_is_not_measured() -> None:
    def prepared(size: int) -> Callable[[], object]:
        each_against_each(size)()
        return once(size)

    assert_linear(prepared, 400)


def test_tracing_and_collecting_go_on_after_work_that_fails() -> None:
    traced, seen = sys.gettrace(), []

    def prepare(size: int) -> Callable[[], object]:
        def work() -> None:
            seen.append((sys.gettrace() is None, gc.isenabled()))
            assert len(seen) < 3

        return work

    with pytest.raises(AssertionError, match="len"):
        assert_linear(prepare, 1)

    assert seen == [(traced is None, True), (True, False), (True, False)]
    assert (sys.gettrace(), gc.isenabled()) == (traced, True)
