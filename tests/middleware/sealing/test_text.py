"""The text of a key ring."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.rings import NEW, OLD

from tollbridge.errors import SetupError
from tollbridge.sealing.text import Entry, read_ring, write_ring

AT = datetime(2026, 11, 27, 18, tzinfo=UTC)
WHERE = "the secret /x/kek"


def test_key_alone_is_a_ring_of_one_as_it_ever_was() -> None:
    (entry,) = read_ring(f"{OLD}\n", WHERE)

    assert entry == Entry("1", None, "", bytes.fromhex(OLD))
    assert write_ring([entry]) == f"{OLD}\n"


@pytest.mark.parametrize("between", ["\n", ",", " , ", "\n\n", ",\n"])
def test_keys_stand_on_lines_or_between_commas(between: str) -> None:
    found = read_ring(between.join([OLD, f"2a {NEW}", "3b 2026-11-27T18:00:00Z lockbox:AQID"]), WHERE)

    assert found == (
        Entry("1", None, "", bytes.fromhex(OLD)),
        Entry("2a", None, "", bytes.fromhex(NEW)),
        Entry("3b", AT, "lockbox", b"\1\2\3"),
    )


IDS = st.from_regex(r"[1-9a-f][0-9a-f]{0,7}", fullmatch=True)
TIMES = st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
CLEAR = st.builds(Entry, IDS, TIMES, st.just(""), st.binary(min_size=32, max_size=40).filter(lambda x: len(set(x)) > 1))
WRAPPED = st.builds(Entry, IDS, TIMES, st.from_regex(r"[a-z][a-z0-9_-]{0,31}", fullmatch=True), st.binary(max_size=50))


@given(st.lists(CLEAR | WRAPPED, min_size=1, max_size=4, unique_by=lambda entry: entry.id))
def test_ring_is_read_as_it_was_written(entries: list[Entry]) -> None:
    assert read_ring(write_ring(entries), WHERE) == tuple(entries)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty or too short"),
        (" \n,", "is empty or too short"),
        ("abcd", "key 1 is empty or too short"),
        (OLD[:-2], "key 1 is empty or too short"),
        (f"{OLD}\n2a {NEW[:-2]}", "key 2 is empty or too short"),
        ("00" * 32, "key 1 is one byte over and over"),
        ("ab" * 40, "key 1 is one byte over and over"),
        (OLD[:-1], "key 1 is no key"),
        (OLD.upper(), "key 1 is no key"),
        (f"0 {OLD}", "key 1 is no key"),
        (f"01 {OLD}", "key 1 is no key"),
        (f"2A {OLD}", "key 1 is no key"),
        (f"123456789 {OLD}", "key 1 is no key"),
        (f"2a yesterday {OLD}", "key 1 is no key"),
        (f"2a 2026-11-27T18:00:00 {OLD}", "key 1 is no key"),
        (f"2a 2026-11-27T18:00:00Z {OLD} x", "key 1 is no key"),
        ("2a lockbox:A", "key 1 is no key"),
        ("2a lockbox:AQ", "key 1 is no key"),
        ("2a lock.box:AQ==", "key 1 is no key"),
        (f"{OLD}\n{NEW}", "has two keys with the id 1"),
        (f"2a {OLD}\n2a {NEW}", "has two keys with the id 2a"),
    ],
)
def test_what_is_no_ring_is_refused_without_a_word_of_it(text: str, said: str) -> None:
    with pytest.raises(SetupError) as caught:
        read_ring(text, WHERE)

    message = str(caught.value)
    assert message.startswith((f"{WHERE} {said}", f"{WHERE}: {said}"))
    assert not any(part[:8] in message for part in text.split() if len(part) > 20)


def test_entry_does_not_show_its_key() -> None:
    entry = Entry("2a", AT, "", bytes.fromhex(OLD))

    assert repr(entry.content) not in repr(entry)
    assert OLD not in repr(entry)
