from dataclasses import replace

import pytest
from tests.plugins.jwt.install import ISSUERS
from tests.sdks.install import SDKS

each = pytest.mark.parametrize("packages", [SDKS, ISSUERS], ids=lambda packages: packages.name)


@each
def test_folder_is_another_one_for_other_versions(packages, monkeypatch, tmp_path):
    monkeypatch.delenv(packages.variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name in packages.files:
        (tmp_path / name).write_text((packages.here / name).read_text() + " ")
    other = replace(packages, here=tmp_path)

    assert packages.folder().parent == other.folder().parent == tmp_path / "tollbridge"
    assert packages.folder() != other.folder()


@each
def test_what_is_not_installed_says_how_to_get_it(packages, monkeypatch, tmp_path):
    monkeypatch.setenv(packages.variable, str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/node")

    assert f"are not installed; python -m {packages.module}" in packages.lack()


@each
def test_missing_program_is_named_first(packages, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)

    assert packages.lack() == "no node; apt-get install nodejs npm"


def test_packages_share_neither_folder_nor_variable():
    assert SDKS.variable != ISSUERS.variable
    assert SDKS.name != ISSUERS.name
