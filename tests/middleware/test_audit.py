"""The chain of the audit log shows what was altered, left out or put in."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge.audit import FIRST, OPERATOR, Act, Actor, AuditRecord, breaks, digest_of, written
from tollbridge.testing.samples import NOON

KEY = b"k" * 32


def chain(length: int) -> list[AuditRecord]:
    """Make a whole chain."""
    records, previous = [], FIRST
    for number in range(1, length + 1):
        target = f"tok_{number}"
        record = AuditRecord(number, number * 10, Actor("ada", "cli"), "token.issue", target, "null", "{}", previous)
        record = replace(record, digest=digest_of(record, KEY))
        records.append(record)
        previous = record.digest
    return records


def found(records: Sequence[AuditRecord], key: bytes = KEY) -> list[int]:
    return [each.number for each in breaks(records, key)]


def test_whole_chain_has_no_break() -> None:
    assert found(chain(5)) == []
    assert found([]) == []


def test_chain_goes_on_from_a_known_record() -> None:
    records = chain(5)

    assert list(breaks(records[2:], KEY, after=records[1].digest, number=2)) == []
    assert [each.number for each in breaks(records[2:], KEY, after=records[0].digest, number=2)] == [3]


@pytest.mark.parametrize(
    "change",
    [
        {"at_us": 11},
        {"actor": Actor("eve", "cli")},
        {"actor": Actor("ada", "api")},
        {"actor": Actor("ada", "cli", client="192.0.2.1")},
        {"actor": Actor("ada", "cli", call_id="req_1")},
        {"action": "token.revoke"},
        {"target": "tok_9"},
        {"before": "{}"},
        {"after": "null"},
        {"digest": bytes(32)},
        {"digest": b""},
    ],
)
def test_altered_record_is_found(change: dict[str, object]) -> None:
    records = chain(3)
    records[1] = replace(records[1], **change)

    assert 2 in found(records)


def test_altered_record_with_a_digest_of_another_key_is_found() -> None:
    records = chain(3)
    forged = replace(records[1], target="tok_9")
    records[1] = replace(forged, digest=digest_of(forged, b"x" * 32))

    assert found(records) == [2, 3]


@given(st.integers(2, 6), st.data())
def test_record_left_out_is_found_but_for_the_last(length: int, data: st.DataObject) -> None:
    records = chain(length)
    gone = data.draw(st.integers(0, length - 2))

    (broken,) = breaks(records[:gone] + records[gone + 1 :], KEY)
    assert broken.number == gone + 1
    assert "missing" in broken.why
    assert found(records[:-1]) == []


def test_records_that_changed_places_are_found() -> None:
    one, two, three = chain(3)

    assert found([one, three, two]) != []
    assert found([one, replace(three, number=2), replace(two, number=3)]) != []


def test_record_of_another_chain_does_not_follow() -> None:
    records = chain(3)
    other = replace(records[2], previous=bytes(31) + b"1")
    other = replace(other, digest=digest_of(other, KEY))

    (broken,) = breaks([*records[:2], other], KEY)
    assert (broken.number, broken.why) == (3, "it does not follow the record before it")


@given(st.lists(st.text(max_size=6), min_size=4, max_size=4), st.lists(st.text(max_size=6), min_size=4, max_size=4))
def test_no_two_records_say_the_same_bytes(one: list[str], other: list[str]) -> None:
    def digest(words: list[str]) -> bytes:
        return digest_of(AuditRecord(1, 0, Actor(words[0], words[1]), words[2], words[3], "", "", FIRST), KEY)

    assert (digest(one) == digest(other)) == (one == other)


def test_what_changed_is_written_in_one_order() -> None:
    assert written({"b": 1, "a": None}) == written({"a": None, "b": 1}) == '{"a":null,"b":1}'


def test_key_is_in_no_repr() -> None:
    assert "kkk" not in repr(Act(OPERATOR, NOON, KEY))
