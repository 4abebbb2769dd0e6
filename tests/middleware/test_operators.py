"""Whoever runs commands on the machine."""

import pytest

from tollbridge.audit import Actor
from tollbridge.operators import operator


def test_operator_is_the_user_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollbridge.operators.getpass.getuser", lambda: "ada")

    assert operator() == Actor("operator:ada", "cli")


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 12345"), OSError("No username set")])
def test_user_without_a_name_is_the_operator_all_the_same(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def nameless() -> str:
        raise error

    monkeypatch.setattr("tollbridge.operators.getpass.getuser", nameless)

    assert operator() == Actor("operator", "cli")
