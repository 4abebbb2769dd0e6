"""How long calls took, on a logarithmic scale."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.stores.histograms import ERROR_PERCENT, histogram, middle_of, pack, percentiles, place_of, unpack

times = st.dictionaries(st.integers(0, 2**31), st.integers(1, 1_000), max_size=20)


@given(st.integers(0, 2**40))
def test_what_is_told_is_close_to_what_was_taken(ms):
    assert abs(middle_of(place_of(ms)) - ms) <= ms * ERROR_PERCENT / 100


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_places_are_in_the_order_of_times(one, other):
    assert (place_of(min(one, other))) <= place_of(max(one, other))


@pytest.mark.parametrize("ms", [0, 1, 63])
def test_short_times_are_told_exactly(ms):
    assert middle_of(place_of(ms)) == ms


@given(times)
def test_histogram_comes_back_as_it_was_written_down(found):
    whole = histogram(found)

    assert unpack(pack(whole)) == whole


@given(times, times)
def test_histograms_add_up_and_are_taken_apart_again(one, other):
    both = histogram(one) + histogram(other)

    assert both == histogram({ms: one.get(ms, 0) + other.get(ms, 0) for ms in {*one, *other}})
    assert both - histogram(other) == histogram(one)


@given(times, st.integers(1, 100))
def test_percentile_is_that_of_nearest_rank(found, percent):
    each = sorted(middle_of(place_of(ms)) for ms, count in found.items() for _ in range(count))

    (told,) = percentiles(histogram(found), (percent,))

    assert told == (each[math.ceil(len(each) * percent / 100) - 1] if each else None)
