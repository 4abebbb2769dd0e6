"""Whoever shows many bad credentials is refused for a while, and nobody else is."""

import pytest
from structlog.testing import capture_logs

from tollbridge.defences import ThrottleConfig
from tollbridge.errors import RateLimited, Throttled
from tollbridge.testing import FixedClock
from tollbridge.throttle import Throttle

ADDRESS = "203.0.113.7"


def throttle(clock: FixedClock | None = None, **options: object) -> Throttle:
    return Throttle(ThrottleConfig(**options), clock or FixedClock(), counted=lambda kind: None)  # type: ignore[arg-type]


def fail(throttle: Throttle, times: int, source: str = ADDRESS, account: str = "") -> None:
    for _ in range(times):
        throttle.failed(source, account)


def test_source_of_many_bad_tokens_is_refused_until_its_wait_is_over() -> None:
    clock = FixedClock()
    one = throttle(clock, bad_tokens=5)
    fail(one, 4)
    one.check(ADDRESS)
    fail(one, 1)

    with pytest.raises(Throttled) as caught:
        one.check(ADDRESS)
    one.check("203.0.113.8")
    clock.advance(caught.value.retry_after_s)
    one.check(ADDRESS)

    # five in a minute: one is forgiven in 12 s
    assert caught.value.retry_after_s == pytest.approx(12.0, abs=0.01)
    assert (b"retry-after", b"12") in caught.value.headers()
    assert (b"x-should-retry", b"false") in caught.value.headers()


def test_network_of_an_ipv6_address_is_one_source() -> None:
    one = throttle(bad_tokens=5)
    for last in range(5):
        one.failed(f"2001:db8:1:2::{last}")

    with pytest.raises(Throttled):
        one.check("2001:db8:1:2:ffff::1")
    one.check("2001:db8:1:3::1")


def test_account_is_refused_where_it_was_tried_and_nowhere_else() -> None:
    one = throttle(bad_sign_ins=3)
    fail(one, 3, account="ada@example.com")

    with pytest.raises(Throttled):
        one.check(ADDRESS, "Ada@Example.com")
    one.check("198.51.100.1", "ada@example.com")
    one.check(ADDRESS, "bob@example.com")
    one.check(ADDRESS)


def test_source_that_tries_many_accounts_is_refused_for_all() -> None:
    one = throttle(bad_sign_ins=2)
    for number in range(20):
        one.failed(ADDRESS, f"person {number}")

    with pytest.raises(Throttled):
        one.check(ADDRESS, "somebody else")
    one.check("198.51.100.1", "somebody else")
    one.check(ADDRESS)


def test_bad_tokens_keep_nobody_at_their_address_from_signing_in() -> None:
    one = throttle(bad_tokens=5)
    fail(one, 50)

    one.check(ADDRESS, "ada")


def test_spared_address_is_refused_for_one_account_alone() -> None:
    one = throttle(bad_tokens=5, bad_sign_ins=2, spared=("203.0.113.0/24",))
    fail(one, 50)
    for number in range(50):
        one.failed(ADDRESS, f"person {number}")
    fail(one, 2, account="ada")

    one.check(ADDRESS)
    one.check(ADDRESS, "bob")
    with pytest.raises(Throttled):
        one.check(ADDRESS, "ada")


@pytest.mark.parametrize("source", ["", "127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_nobody_is_refused_for_this_machine_or_for_a_socket_without_address(source: str) -> None:
    one = throttle(bad_tokens=1)
    fail(one, 5, source)

    one.check(source)


def test_nothing_is_refused_where_it_is_switched_off_and_all_is_counted() -> None:
    counted: list[str] = []
    one = Throttle(ThrottleConfig(enabled=False, bad_tokens=1), FixedClock(), counted=counted.append)
    fail(one, 3)
    fail(one, 2, account="ada")

    one.check(ADDRESS)
    one.check(ADDRESS, "ada")
    assert counted == ["token"] * 3 + ["account"] * 2


def test_one_line_is_logged_a_source_and_minute_and_names_no_account() -> None:
    clock = FixedClock()
    one = throttle(clock, bad_tokens=5, bad_sign_ins=2)

    with capture_logs() as lines:
        fail(one, 50)
        clock.advance(61)
        fail(one, 1)
        fail(one, 2, account="ada@example.com")

    said = [(line["event"], line["source"], line["kind"], line["failures"]) for line in lines]
    assert said == [
        ("bad_credentials_throttled", ADDRESS, "token", 5),
        ("bad_credentials_throttled", ADDRESS, "token", 46),
        ("bad_credentials_throttled", ADDRESS, "account", 2),
    ]
    assert "ada" not in str(lines)


def test_no_account_is_kept_by_its_name() -> None:
    one = throttle()
    fail(one, 2, account="ada@example.com")

    held = [key for failures in (one._tokens, one._accounts, one._sources) for key in failures._kept]

    assert held
    assert not any(b"ada" in key for key in held)


def test_what_needs_no_proof_is_asked_for_at_a_steady_rate() -> None:
    clock = FixedClock()
    one = throttle(clock)
    for _ in range(30):
        one.ask(ADDRESS)

    for _ in range(3):
        with capture_logs() as logged, pytest.raises(RateLimited) as caught:
            one.ask(ADDRESS)
        assert caught.value.retry_after_s == pytest.approx(2.0, abs=0.01)
        clock.advance(2)
        one.ask(ADDRESS)

    one.ask("203.0.113.8")
    assert logged == []  # it was told within the minute


def test_source_that_asks_too_much_is_told_of_once_a_minute() -> None:
    one = throttle()
    for _ in range(30):
        one.ask("2001:db8:1:2::1")

    with capture_logs() as logged:
        for last in range(2, 5):
            with pytest.raises(RateLimited):
                one.ask(f"2001:db8:1:2::{last}")

    told = {"event": "unproven_requests_throttled", "log_level": "warning", "source": "2001:db8:1:2::"}
    assert logged == [{**told, "requests": 30, "retry_after_s": 2}]


def test_what_anybody_may_read_is_counted_by_itself() -> None:
    one = throttle()
    for _ in range(300):
        one.look(ADDRESS)

    with pytest.raises(RateLimited):
        one.look(ADDRESS)

    one.ask(ADDRESS)
    one.look("203.0.113.8")


@pytest.mark.parametrize("options", [{"enabled": False}, {"spared": (ADDRESS,)}])
def test_what_needs_no_proof_is_asked_for_freely_where_nobody_is_throttled(options: dict[str, object]) -> None:
    one = throttle(**options)
    for _ in range(100):
        one.ask(ADDRESS)
