"""Which passwords are taken, and how they are kept and compared."""

import asyncio
import threading
from typing import Any

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from tests.middleware.people.conftest import CHEAP

from tollbridge.errors import BadRequest
from tollbridge.people.passwords import Passwords, checked_password

GOOD = "correct horse battery"
WORDS = ("ada.lovelace@example.com", "Ada Lovelace")


class Watched(PasswordHasher):
    """A hasher that notes what it is compared with, and how many do so at once."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**{"time_cost": 1, "memory_cost": 8, "parallelism": 1, **parameters})
        self.seen: list[str] = []
        self.threads: set[int] = set()
        self.now = self.most = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        self.seen.append(str(hash))
        self.threads.add(threading.get_ident())
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return super().verify(hash, password)
        finally:
            self.now -= 1


async def test_password_is_kept_as_argon2id_with_the_parameters_of_rfc_9106() -> None:
    kept = await Passwords().hash(GOOD, WORDS)

    assert extract_parameters(kept) == RFC_9106_LOW_MEMORY
    assert extract_parameters(kept).type is Type.ID
    assert GOOD not in kept


async def test_password_matches_itself_alone() -> None:
    passwords = Passwords(CHEAP)
    kept = await passwords.hash(GOOD, WORDS)

    assert await passwords.matches(kept, GOOD)
    for other in (GOOD.upper(), f"{GOOD} ", GOOD[:-1], "", GOOD + "x" * 2_000):
        assert not await passwords.matches(kept, other)
    assert kept != await passwords.hash(GOOD, WORDS)


async def test_longest_password_is_compared_whole() -> None:
    passwords = Passwords(CHEAP)
    longest = "0123456789abcdef" * 64
    kept = await passwords.hash(longest, ())

    assert await passwords.matches(kept, longest)
    assert not await passwords.matches(kept, longest + "x")
    assert not await passwords.matches(kept, longest[:-1])


async def test_same_letters_written_in_two_ways_are_one_password() -> None:
    passwords = Passwords(CHEAP)

    kept = await passwords.hash("caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait, \N{BLACK HEART SUIT}.", ())

    assert await passwords.matches(kept, "cafe\N{COMBINING ACUTE ACCENT} au lait, \N{BLACK HEART SUIT}.")


async def test_where_no_password_is_kept_one_is_compared_nonetheless_and_does_not_match() -> None:
    hasher = Watched()
    passwords = Passwords(hasher)

    assert not await passwords.matches("", GOOD)
    assert not await passwords.matches("", "")
    assert not await passwords.matches("no hash", GOOD)

    assert len(hasher.seen) == 3
    (nobodys,) = set(hasher.seen[:2])
    assert extract_parameters(nobodys) == extract_parameters(hasher.hash("x"))


async def test_passwords_are_compared_in_threads_two_at_a_time() -> None:
    hasher = Watched(memory_cost=4096)
    passwords = Passwords(hasher)
    kept = await passwords.hash(GOOD, WORDS)

    found = await asyncio.gather(*(passwords.matches(kept, GOOD) for _ in range(12)))

    assert found == [True] * 12
    assert threading.get_ident() not in hasher.threads
    assert hasher.most <= 2


async def test_hash_of_weaker_parameters_is_made_anew() -> None:
    passwords = Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    old = await Passwords(CHEAP).hash(GOOD, WORDS)

    anew = await passwords.anew(old, GOOD)

    assert extract_parameters(anew).time_cost == 2
    assert await passwords.matches(anew, GOOD)
    assert await passwords.anew(anew, GOOD) == ""


@pytest.mark.parametrize(
    "password", [GOOD, "aaaaaaaaaaabcde", "Ada is not the whole", "\N{BLACK HEART SUIT}" * 3 + "123456789abc"]
)
def test_length_counts_and_composition_does_not(password: str) -> None:
    assert checked_password(password, WORDS) == password.encode()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("just fourteen.", "15 characters"),
        ("\N{GRINNING FACE}" * 14, "15 characters"),
        ("0123456789abcdef" * 64 + "x", "1024 bytes"),
        ("\N{BLACK HEART SUIT}0123" * 200, "1024 bytes"),
        ("aaaaaaaaaaaaaaaa", "repeats itself"),
        ("123412341234123", "repeats itself"),
        ("my name is LOVELACE", "neither the name"),
        ("ada.lovelace@example.com!", "neither the name"),
        ("xx example xx yy", "neither the name"),
        ("\N{FULLWIDTH LATIN SMALL LETTER L}ovelace 1815 byron", "neither the name"),
    ],
)
def test_password_that_is_easily_guessed_is_refused_without_being_quoted(password: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as caught:
        checked_password(password, WORDS)
    assert caught.value.param == "password"
    assert password not in str(caught.value)
