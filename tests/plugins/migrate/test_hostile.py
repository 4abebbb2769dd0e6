"""A file that is not what it should be is refused in one sentence, by each reader, and nothing is written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugins.migrate.conftest import Migrated

from tollbridge import SetupError

MARK = "sk-quartz-lamp-0123456789"
READERS = {"litellm": ".yaml", "portkey": ".json", "apipark": ".zip", "one-api": ".db"}
Migrate = Callable[..., Migrated]


def laughs(*, merged: bool) -> bytes:
    """Give a list, or an object, that holds the one before it ten times, and so on."""
    lines = [f"a0: &a0 {{key: {MARK}}}"]
    for n in range(1, 12):
        many = ", ".join([f"*a{n - 1}"] * 10)
        lines.append(f"a{n}: &a{n} {{<<: [{many}], k{n}: [{many}]}}" if merged else f"a{n}: &a{n} [{many}]")
    return "\n".join([*lines, "model_list: *a11", ""]).encode()


CONTENTS = {
    "empty": b"",
    "zeros": bytes(4096),
    "binary": bytes(range(256)) * 20,
    "utf-16": f'{{"model_list": "{MARK}"}}'.encode("utf-16"),
    "latin-1": b"model_list: [{model_name: caf\xe9}]\n",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "digits": b'{"model_list": ' + b"9" * 5_000 + b"}",
    "surrogate": b'{"model_list": ["\\ud800"]}',
    "laughs": laughs(merged=False),
    "merged laughs": laughs(merged=True),
    "tag": f"model_list: !!python/object/apply:os.system ['touch {MARK}']\n".encode(),
    "sqlite alone": b"SQLite format 3\0" + bytes(84),
    "sqlite cut": b"SQLite format 3\0\x10\x00\x01\x01\x00\x40\x20\x20" + bytes(4072),
    "zip cut": b"PK\x03\x04" + bytes(60),
    "another object": f'{{"some": "{MARK}"}}'.encode(),
    "a number": b"7",
}


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_none_of_its_files_is_refused_and_nothing_of_it_is_said(
    migrate: Migrate, tmp_path: Path, reader: str, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"given{READERS[reader]}"
    path.write_bytes(CONTENTS[content])

    ran = migrate(reader, path, fails=True)

    assert_refused(ran)
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize(
    "what", ["missing", "folder", "pipe", "link to itself", "link to nothing", "too large", "device"]
)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_of_that_size_is_refused_at_once(
    migrate: Migrate, tmp_path: Path, reader: str, what: str
) -> None:
    path = tmp_path / f"given{READERS[reader]}"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link to itself":
        path.symlink_to(path)
    elif what == "link to nothing":
        path.symlink_to(tmp_path / "nothing")
    elif what == "device":
        path.symlink_to("/dev/zero")
    elif what == "too large":
        with path.open("wb") as file:
            file.truncate(65 * 1024**3)  # takes no room: it has a hole

    ran = migrate(reader, path, fails=True)

    assert_refused(ran)


@pytest.mark.parametrize("content", [name for name in CONTENTS if name not in ("empty", "a number")])
def test_a_table_of_keys_that_is_none_is_refused(migrate: Migrate, tmp_path: Path, content: str) -> None:
    config, keys = tmp_path / "config.yaml", tmp_path / "keys.json"
    config.write_text("model_list: []\n")
    keys.write_bytes(CONTENTS[content])

    ran = migrate("litellm", config, "--keys", keys, fails=True)

    if ran.failed is None:  # one object a line is a table, of a key that is none
        assert content == "another object"
        assert "its token is no SHA-256" in ran.report
        assert MARK not in ran.everything
        return
    assert_refused(ran)


def test_a_link_that_leads_to_a_file_is_that_file(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o}}]\n")
    (tmp_path / "given.yaml").symlink_to(tmp_path / "real.yaml")

    assert migrate("litellm", tmp_path / "given.yaml").targets("a") == ["openai/gpt-4o"]


def assert_refused(ran: Migrated) -> None:
    assert isinstance(ran.failed, SetupError), ran.said
    said = str(ran.failed)
    assert 20 < len(said) < 500
    assert "\n" not in said
    assert MARK not in said + ran.said
    assert not ran.folder.exists()
