"""Turns, loads and keys."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.balancing import Balancer, Turns, score
from tollbridge_rest.definition import Balance, Health, Node
from tollbridge_rest.health import FRESH, Checked, checked, failed, in_ranges, succeeded

WEIGHTS = st.lists(st.integers(1, 100), min_size=1, max_size=8)


def nodes(weights: list[int]) -> list[Node]:
    return [Node(url=f"https://n{place}.example", weight=weight) for place, weight in enumerate(weights)]


@given(WEIGHTS, st.integers(1, 3))
def test_each_round_is_exact(weights: list[int], rounds: int) -> None:
    turns, places = Turns(nodes(weights)), range(len(weights))

    for _ in range(rounds):
        picks = Counter(turns.pick(places) for _ in range(sum(weights)))
        assert [picks[place] for place in places] == weights


@given(WEIGHTS)
def test_turns_are_spread_evenly(weights: list[int]) -> None:
    """After any number of turns a node is less than one turn a node away from its share."""
    turns, places, total = Turns(nodes(weights)), range(len(weights)), sum(weights)
    picks: Counter[int] = Counter()

    for turn in range(1, total + 1):
        picks[turns.pick(places)] += 1
        assert all(abs(picks[place] - turn * weights[place] / total) < len(weights) for place in places)


@given(WEIGHTS, st.data())
def test_only_nodes_that_may_be_picked_are(weights: list[int], data: st.DataObject) -> None:
    for balance in Balance:
        balancer = Balancer(nodes(weights), balance)
        places = data.draw(st.lists(st.sampled_from(range(len(weights))), min_size=1, unique=True))

        assert balancer.pick(places, {}, b"key") in places


@given(WEIGHTS, st.dictionaries(st.integers(0, 7), st.integers(0, 50)))
def test_least_has_the_least_for_its_weight(weights: list[int], running: dict[int, int]) -> None:
    balancer, places = Balancer(nodes(weights), Balance.LEAST), range(len(weights))

    picked = balancer.pick(places, running, b"")

    assert all(running.get(picked, 0) * weights[place] <= running.get(place, 0) * weights[picked] for place in places)


def test_large_node_takes_more_before_it_is_the_fuller_one() -> None:
    balancer = Balancer(nodes([1, 10]), Balance.LEAST)

    assert balancer.pick([0, 1], {0: 1, 1: 9}, b"") == 1
    assert balancer.pick([0, 1], {0: 1, 1: 11}, b"") == 0


@given(WEIGHTS.filter(lambda weights: len(weights) > 1), st.binary(max_size=8))
def test_key_moves_only_when_its_own_node_goes(weights: list[int], key: bytes) -> None:
    balancer, places = Balancer(nodes(weights), Balance.HASH), list(range(len(weights)))
    home = balancer.pick(places, {}, key)

    for gone in places:
        rest = [place for place in places if place != gone]
        assert balancer.pick(rest, {}, key) == home or gone == home


def test_keys_are_shared_out_by_weight() -> None:
    weights = [1, 2, 5]

    picks = Counter(
        max(range(3), key=lambda place: score(b"key%d" % number, b"node%d" % place, weights[place]))
        for number in range(8000)
    )

    # 1000, 2000 and 5000 of 8000, within five standard deviations
    assert abs(picks[0] - 1000) < 150
    assert abs(picks[1] - 2000) < 200
    assert abs(picks[2] - 5000) < 220


RULES = Health(fails=3, window_s=10, rest_s=5)


def test_node_rests_after_its_failures_and_again_after_one_more() -> None:
    state = FRESH
    for at in (1.0, 2.0, 3.0):
        assert not state.rests(at)
        state = failed(state, at, RULES)

    assert [state.rests(at) for at in (3.0, 7.9, 8.0)] == [True, True, False]
    again = failed(state, 9.0, RULES)
    assert again.rests(13.9)
    assert not succeeded(state, 9.0).rests(9.0)
    assert not failed(succeeded(state, 9.0), 10.0, RULES).rests(10.0)


def test_success_of_a_call_from_before_does_not_wake_a_node() -> None:
    state = failed(failed(failed(FRESH, 1, RULES), 1, RULES), 1, RULES)

    assert succeeded(state, 2.0).rests(2.0)


def test_failures_outside_the_window_do_not_count() -> None:
    state = FRESH
    for at in (0.0, 6.0, 12.0, 18.0, 24.0):
        state = failed(state, at, RULES)
        assert not state.rests(at)


def test_no_failures_are_counted_where_none_should_be() -> None:
    state = FRESH
    for _ in range(100):
        state = failed(state, 1.0, Health(fails=0))

    assert state == FRESH


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60), st.integers(1, 5))
def test_state_of_calls_is_bounded_and_rests_only_for_a_reason(steps: list[tuple[float, bool]], fails: int) -> None:
    rules, state, now = Health(fails=fails, window_s=10, rest_s=5), FRESH, 0.0
    recent: list[float] = []
    for wait, good in steps:
        now += wait
        rested, before = state.rests(now), state
        state = succeeded(state, now) if good else failed(state, now, rules)
        assert len(state.failures) < fails
        if not rested and not good:
            recent = [at for at in recent if at > now - 10] + [now]
            assert state.rests(now) is (before.probing or len(state.failures) == 0)
        if state.rests(now) and not rested:
            assert not good


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 5), st.integers(1, 5))
def test_node_comes_and_goes_after_so_many_checks_in_a_row(found: list[bool], healthy: int, unhealthy: int) -> None:
    rules, state, last = Health(healthy_after=healthy, unhealthy_after=unhealthy), Checked(), []
    for good in found:
        before = state
        state = checked(state, good, rules)
        last = [*last, good] if last and last[-1] is good else [good]
        needed = healthy if good else unhealthy
        assert state.up is (good if len(last) >= needed and good is not before.up else before.up)


def test_statuses_are_named_singly_or_by_hundreds() -> None:
    assert in_ranges(204, ("2XX",))
    assert in_ranges(401, ("2XX", "401"))
    assert not in_ranges(301, ("2XX", "401"))
