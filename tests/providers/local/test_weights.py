import sys

import pytest
from tests.support.requires import requires

from tollbridge_local import LocalModelError, weights
from tollbridge_local.weights import find_weights, is_whole


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of weights that goes before the installed one."""
    folder = tmp_path / weights.MODULE
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('it must not be imported')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(weights, "BYTES", 8)
    return folder


def test_weights_are_found_without_importing_their_package(package):
    (package / weights.FILE).write_bytes(b"GGUF\x03abc")

    assert find_weights() == package / weights.FILE


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\x03abcd", b"gguf\x03abc"])
def test_damaged_weights_are_refused_with_the_way_out(package, content):
    (package / weights.FILE).write_bytes(content)

    with pytest.raises(LocalModelError, match=r"are damaged; run: tollbridge local install$"):
        find_weights()


def test_a_package_without_its_file_is_as_good_as_none(package):
    with pytest.raises(LocalModelError, match=r"are not installed; run: tollbridge local install$"):
        find_weights()


def test_no_package_is_said_in_the_same_words(monkeypatch):
    monkeypatch.setattr(weights, "MODULE", "llm_that_nobody_installed")

    with pytest.raises(LocalModelError, match=r"are not installed; run: tollbridge local install$"):
        find_weights()


def test_what_cannot_be_read_is_not_whole(tmp_path):
    assert not is_whole(tmp_path)


@requires("local")
def test_the_installed_weights_are_whole():
    assert find_weights().stat().st_size == 98_362_432
