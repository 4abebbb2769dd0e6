"""What is kept is bounded, and goes in the order it was asked for."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.caching import Kept, freshened, is_fresh, unchanged, varied
from tollbridge_rest.headers import Headers
from tollbridge_rest.keeping import LARGEST, Key, Shelf

KEPT = Kept(200, [(b"etag", b'"a"'), (b"last-modified", b"Mon, 05 Jan 2026 12:00:00 GMT")], b"x", 0.0, 0.0, 10.0)


def key(url: str, owner: str = "") -> Key:
    return Key(url, f"/{url}", owner)


def put(shelf: Shelf, key: Key, kept: Kept, headers: Headers) -> None:
    shelf.put(key, kept, headers, shelf.turn)


def test_answer_that_nobody_asked_for_the_longest_goes_first() -> None:
    shelf = Shelf((KEPT.size + key("a").size) * 2)
    put(shelf, key("a"), KEPT, [])
    put(shelf, key("b"), KEPT, [])
    shelf.find(key("a"), [])

    put(shelf, key("c"), KEPT, [])

    assert [shelf.find(key(url), []) is not None for url in "abc"] == [True, False, True]


def test_answer_takes_the_place_of_one_that_would_suit_too() -> None:
    shelf = Shelf()
    put(shelf, key("a"), KEPT, [])
    put(shelf, key("a"), replace(KEPT, body=b"new"), [])

    found = shelf.find(key("a"), [])
    assert found is not None
    assert found.body == b"new"
    assert shelf.bytes == found.size + key("a").size


def test_answer_that_is_too_large_is_not_kept() -> None:
    shelf = Shelf()
    put(shelf, key("a"), replace(KEPT, body=b"x" * LARGEST), [])

    assert shelf.bytes == 0


def test_url_is_forgotten_for_all_its_owners_and_no_other() -> None:
    shelf = Shelf()
    for url, owner in (("a", "1"), ("a", "2"), ("b", "1")):
        put(shelf, key(url, owner), KEPT, [])

    shelf.forget("a", "/")
    shelf.forget("never", "/never")

    assert [shelf.find(key(*each), []) is not None for each in (("a", "1"), ("a", "2"), ("b", "1"))] == [
        False,
        False,
        True,
    ]


def test_path_is_forgotten_whatever_it_led_to() -> None:
    shelf = Shelf()
    for url, path in (("main/a?limit=5", "/a"), ("other/a", "/a"), ("main/b", "/b")):
        put(shelf, Key(url, path, ""), KEPT, [])

    shelf.forget("main/a", "/a")

    assert [key.url for key in shelf._rows] == ["main/b"]


def test_answer_that_was_asked_for_before_a_change_is_not_kept_after_it() -> None:
    shelf = Shelf()
    since = shelf.turn
    shelf.forget("main/a", "/other")
    shelf.forget("other/b", "/b")

    for name in "abc":
        shelf.put(Key(f"main/{name}", f"/{name}", ""), KEPT, [], since)
    shelf.put(Key("main/d", "/b", ""), KEPT, [], shelf.turn)

    assert [key.url for key in shelf._rows] == ["main/c", "main/d"]


def test_answer_that_was_asked_for_before_changes_that_are_not_known_any_more_is_not_kept() -> None:
    shelf = Shelf()
    since = shelf.turn
    for number in range(6_000):
        shelf.forget(f"main/{number}", f"/{number}")

    shelf.put(key("0"), KEPT, [], since)
    shelf.put(key("never"), KEPT, [], since)
    put(shelf, key("0"), KEPT, [])

    assert (len(shelf._rows), len(shelf._changed)) == (1, 10_000)


def test_long_names_take_room_too() -> None:
    shelf = Shelf(20_000)
    for number in range(10):
        put(shelf, key(f"{number}{'x' * 4_000}"), KEPT, [])

    assert len(shelf._rows) == 2


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("12"), st.integers(0, 600), st.sampled_from(["", "x", "y"]))
        | st.sampled_from("abc"),
        max_size=80,
    )
)
def test_bytes_are_counted_and_bounded(steps: list[tuple[str, str, int, str] | str]) -> None:
    shelf = Shelf(3000)
    for step in steps:
        if isinstance(step, str):
            shelf.forget(step, "/")
        else:
            url, owner, size, lang = step
            kept = replace(KEPT, body=b"x" * size, asked=((b"lang", lang.encode()),))
            put(shelf, key(url, owner), kept, [(b"lang", lang.encode())])
            found = shelf.find(key(url, owner), [(b"lang", lang.encode())])
            assert found is kept
        sizes = (key.size + sum(kept.size for kept in row) for key, row in shelf._rows.items())
        assert shelf.bytes == sum(sizes) <= 3000
        marked = [(mark, key) for mark, keys in shelf._marked.items() for key in keys]
        assert sorted(marked, key=str) == sorted([(mark, key) for key in shelf._rows for mark in key.marks], key=str)
        assert all(shelf._marked.values())


def test_variants_of_one_url_are_bounded() -> None:
    shelf = Shelf()
    for number in range(100):
        asked = ((b"lang", b"%d" % number),)
        put(shelf, key("a"), replace(KEPT, asked=asked), list(asked))

    assert len(shelf._rows[key("a")]) == 32
    assert shelf.bytes == key("a").size + sum(kept.size for kept in shelf._rows[key("a")])


def test_age_counts_from_when_it_was_made() -> None:
    kept = replace(KEPT, age=8.0)

    assert is_fresh(kept, [], 1.0)
    assert not is_fresh(kept, [], 2.0)
    assert kept.age_at(-5.0) == 8.0


def test_answer_is_unchanged_by_tag_or_by_date() -> None:
    cases = {
        b'"a"': True,
        b'W/"a"': True,
        b'"b", "a"': True,
        b"*": True,
        b'"b"': False,
    }
    assert {tag: unchanged([(b"if-none-match", tag)], KEPT.headers) for tag in cases} == cases
    dates = {b"Mon, 05 Jan 2026 12:00:00 GMT": True, b"Mon, 05 Jan 2026 11:59:59 GMT": False, b"nonsense": False}
    assert {date: unchanged([(b"if-modified-since", date)], KEPT.headers) for date in dates} == dates
    assert not unchanged([(b"if-none-match", b'"b"'), (b"if-modified-since", next(iter(dates)))], KEPT.headers)


def test_headers_of_a_304_take_the_place_of_those_that_were_kept() -> None:
    kept = replace(KEPT, headers=[(b"x", b"1"), (b"content-type", b"a/b"), (b"y", b"1")])
    new = [(b"x", b"2"), (b"content-type", b"c/d"), (b"set-cookie", b"a=1")]

    found = freshened(kept, new, 0.0, 5.0, 7.0)

    assert sorted(found.headers) == [(b"content-type", b"a/b"), (b"x", b"2"), (b"y", b"1")]
    assert (found.stored_at, found.fresh_s) == (7.0, 5.0)


def test_answer_varies_by_what_it_says_and_what_the_route_says() -> None:
    asked = [(b"accept-language", b"de"), (b"x-tier", b"1")]

    assert varied([(b"vary", b"Accept-Language, accept-language")], ("X-Tier",), asked) == (
        (b"accept-language", b"de"),
        (b"cookie", b""),
        (b"x-tier", b"1"),
    )
    assert varied([(b"vary", b"a, *")], (), asked) is None
    assert varied([(b"vary", b",".join(b"h%d" % n for n in range(30)))], (), asked) is None
