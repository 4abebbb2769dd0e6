"""Whoever runs commands on the machine."""

import os
import pwd
from types import SimpleNamespace

import pytest

from tollbridge.audit import Actor
from tollbridge.operators import operator

NAMES = {0: "root", 1000: "ada"}


@pytest.fixture(autouse=True)
def users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a machine with two users."""

    def known(id: int) -> SimpleNamespace:
        return SimpleNamespace(pw_name=NAMES[id])

    monkeypatch.setattr(pwd, "getpwuid", known)
    monkeypatch.delenv("SUDO_UID", raising=False)


def runs_as(monkeypatch: pytest.MonkeyPatch, id: int) -> None:
    monkeypatch.setattr(os, "getuid", lambda: id)


def test_operator_is_the_user_of_this_process_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    runs_as(monkeypatch, 1000)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "mallory")

    assert operator() == Actor("operator:ada", "cli")


def test_user_without_a_name_is_there_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    runs_as(monkeypatch, 12345)

    assert operator() == Actor("operator:12345", "cli")


@pytest.mark.parametrize(
    ("id", "said", "name"),
    [
        (0, "1000", "root/ada"),
        (0, "12345", "root/12345"),
        (0, "", "root"),
        (0, "0", "root"),
        (0, "-1", "root"),
        (0, "1" * 5000, "root"),
        (1000, "12345", "ada"),  # whoever is not root may have written it
    ],
)
def test_who_became_root_is_named_beside_it(monkeypatch: pytest.MonkeyPatch, id: int, said: str, name: str) -> None:
    runs_as(monkeypatch, id)
    monkeypatch.setenv("SUDO_UID", said)

    assert operator().id == f"operator:{name}"
