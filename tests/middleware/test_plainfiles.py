"""Files are read as far as JSON goes, within bounds."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import SetupError
from tollbridge.plainfiles import (
    JSON,
    TOML,
    WAYS,
    YAML,
    BadFile,
    check_bounds,
    decoded,
    read_file,
    read_text,
    read_values,
    write_folder,
)


@pytest.mark.parametrize(
    ("text", "way", "value"),
    [
        ('{"a": [1, 1.5, true, null, "x"]}', JSON, {"a": [1, 1.5, True, None, "x"]}),
        ("a: [no]", YAML, {"a": ["no"]}),
        ("[a]\nb = 1", TOML, {"a": {"b": 1}}),
    ],
)
def test_each_way_gives_plain_values(text: str, way: str, value: Any) -> None:
    assert read_values(text, way) == [(value, 1)]


def test_only_yaml_holds_several() -> None:
    assert [value for value, _ in read_values("1\n---\n2", YAML, most=2)] == [1, 2]


@pytest.mark.parametrize(
    ("text", "way", "sentence"),
    [
        ("{", JSON, r"this is no JSON: .* \(line 1, column 2\)"),
        ('{"a": 1, "a": 2}', JSON, "a key is there twice"),
        ("[" * 100_000, JSON, "over 100 levels deep"),
        ("[" * 101 + "]" * 101, JSON, "over 100 levels deep"),
        ("9" * 5_000, JSON, "too many digits"),
        ("NaN", JSON, "a number is none that JSON has"),
        ('"\\ud800"', JSON, "half a character"),
        ("a: 1\na: 2", YAML, "is there twice"),
        ("a = ", TOML, "this is no TOML: "),
        ("a = 1979-05-27", TOML, "it holds a time"),
        (f"a = {'9' * 5_000}", TOML, "too many digits"),
        (f"a = {'[' * 100_000}", TOML, "over 100 levels deep|no TOML"),
        ("#" * (1024 * 1024 + 1), TOML, "over 1,048,576 characters of TOML"),
    ],
)
def test_what_is_not_read_is_refused_with_a_sentence(text: str, way: str, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        read_values(text, way)


def test_aliases_are_counted_each_time() -> None:
    text = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcde", "bcdef", strict=True)
    )

    with pytest.raises(BadFile, match="over 200,000 values"):
        read_values(text, YAML)


def test_who_reads_says_how_many_values_may_be_in_all() -> None:
    assert len(read_values("[1, 2]\n---\n[3, 4]", YAML, most=2, values=6)) == 2
    with pytest.raises(BadFile, match="over 5 values"):
        read_values("[1, 2]\n---\n[3, 4]", YAML, most=2, values=5)


def test_bounds_are_those_that_are_said() -> None:
    check_bounds([1, {"a": 2}], most=4)  # two of the list, a key and its value
    with pytest.raises(BadFile, match="over 3 values"):
        check_bounds([1, {"a": 2}], most=3)


def test_depth_is_bounded_at_a_hundred() -> None:
    read_values("[" * 100 + "]" * 100, JSON)


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")

    assert read_text(path, most=7) == "a: 1"
    with pytest.raises(BadFile, match="over 6 bytes"):
        read_file(path, most=6)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path, sentence in (
        (tmp_path, "is no file"),
        (pipe, "is no file"),
        (tmp_path / "gone", "cannot be read: no such file"),
    ):
        with pytest.raises(BadFile, match=sentence):
            read_file(path, most=1)
    with pytest.raises(BadFile, match="its name is none"):
        read_file(Path("a\0b"), most=1)


def test_other_encodings_are_refused() -> None:
    with pytest.raises(BadFile, match=r"a\.yaml is no UTF-8: byte 1 cannot be read"):
        decoded(b"a\xff", "a.yaml")


@given(st.text(max_size=60), st.sampled_from(sorted(set(WAYS.values()))))
def test_no_text_does_anything_but_be_read_or_refused(text: str, way: str) -> None:
    try:
        read_values(text, way)
    except BadFile:
        return


def test_files_are_written_into_a_folder_that_is_made_or_empty_those_that_are_private_for_nobody_else(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "a" / "b"

    write_folder(folder, {"one.txt": b"1", "below/two.txt": b"2"}, private=("below/two.txt",))

    assert (folder / "one.txt").read_bytes() + (folder / "below" / "two.txt").read_bytes() == b"12"
    assert [stat.S_IMODE((folder / name).stat().st_mode) & 0o077 for name in ("one.txt", "below/two.txt")] == [0o044, 0]


def test_folder_that_holds_something_or_cannot_be_made_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"mine")

    with pytest.raises(SetupError, match="is not empty"):
        write_folder(tmp_path, {"there": b"other"})
    with pytest.raises(SetupError, match="cannot be written"):
        write_folder(tmp_path / "there", {"one.txt": b"1"})
    assert (tmp_path / "there").read_bytes() == b"mine"
