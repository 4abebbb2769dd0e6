"""What is read of the store's URL."""

import re

import pytest

from tollbridge import SetupError
from tollbridge_postgres.address import POOL_SIZE, read_address


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://h/books", "the PostgreSQL database books"),
        ("postgresql://user:pw@h:5432/books?sslmode=require", "the PostgreSQL database books"),
        ("postgres:///books", "the PostgreSQL database books"),
        ("postgresql://h/a%2Db", "the PostgreSQL database a-b"),
        ("postgresql://user:pw@h", "the PostgreSQL database"),
        ("postgresql://user:p/w@h", "the PostgreSQL database"),
        ("postgresql://", "the PostgreSQL database"),
    ],
)
def test_database_is_named_and_nothing_else_of_its_url(url, name):
    assert read_address(url).name == name


def test_pool_size_is_ours_and_the_rest_is_the_drivers():
    address = read_address("postgresql://u:p%5B@h/d?pool_size=20&sslmode=verify-full&application_name=a+b")

    assert address.pool_size == 20
    assert address.url == "postgresql://u:p%5B@h/d?sslmode=verify-full&application_name=a+b"
    assert read_address("postgresql://h/d").pool_size == POOL_SIZE


@pytest.mark.parametrize("size", ["3", "101", "many", "", "-8", "٨"])
def test_pool_of_another_size_is_refused_without_the_password(size):
    with pytest.raises(SetupError, match="pool_size is a whole number from 4 to 100") as refusal:
        read_address(f"postgresql://u:hunter2@h/d?pool_size={size}")

    assert "hunter2" not in str(refusal.value)


def test_address_shows_no_password():
    assert not re.search("hunter2|://", repr(read_address("postgresql://u:hunter2@h/d")))
