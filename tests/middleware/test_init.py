"""The package's public names, and the program started as a module."""

import subprocess
import sys

import pytest

import tollbridge


def test_every_public_name_loads_and_is_listed() -> None:
    listed = dir(tollbridge)

    assert all(getattr(tollbridge, name) is not None for name in tollbridge.__all__)
    assert set(tollbridge.__all__) <= set(listed)
    assert "__version__" in listed


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        tollbridge.nope  # noqa: B018


def test_program_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "tollbridge", "--version"], capture_output=True, text=True, check=True)

    assert done.stdout == f"tollbridge {tollbridge.__version__}\n"
