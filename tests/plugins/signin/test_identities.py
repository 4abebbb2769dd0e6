from datetime import UTC, datetime

import pytest

from tollbridge_signin.identities import claim, identity, read_groups, text

CLAIMS = {"iss": "i", "sub": "s", "email": "ada@example.com", "email_verified": True, "name": "Ada", "groups": ["a"]}


def read(trusting=False, **changes):
    found = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return identity(found, email="email", name="name", groups="groups", trusting=trusting)


def test_identity_is_read_from_its_claims():
    found = read()

    assert (found.issuer, found.subject, found.email, found.name) == ("i", "s", "ada@example.com", "Ada")
    assert found.groups == {"a"}


@pytest.mark.parametrize("verified", [False, None, "true", "True", 1, [True]])
def test_address_counts_where_it_is_verified_or_trusted(verified):
    assert read(email_verified=verified).email == ""
    assert read(trusting=True, email_verified=verified).email == "ada@example.com"


def test_what_is_verified_is_the_address_and_no_other_claim():
    def found(**changes):
        claims = {**CLAIMS, "upn": "root@example.com", **changes}
        return identity(claims, email="upn", name="name", groups="", trusting=False).email

    assert found() == ""
    assert found(email="root@example.com") == "root@example.com"
    assert identity({**CLAIMS, "upn": "a@b"}, email="upn", name="name", groups="", trusting=True).email == "a@b"


@pytest.mark.parametrize("at", [None, "1767614400", 1767614400.5, True, -1, 253_402_300_800])
def test_time_of_a_proof_is_whole_seconds(at):
    assert read(auth_time=at).proved_at is None
    assert read(auth_time=1_767_614_400).proved_at == datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("email", [None, 7, ["ada@example.com"], "a" * 255, ""])
def test_address_that_is_no_text_is_none(email):
    assert read(email=email).email == ""


def test_who_has_no_name_is_called_by_the_address():
    assert read(name=None).name == "ada"
    assert read(name="a" * 101).name == "ada"
    assert read(name=None, email=None).name == ""


@pytest.mark.parametrize(
    ("value", "groups"),
    [(["a", "b", "a"], {"a", "b"}), ("a b", {"a b"}), (["a", 7, None, ["b"]], {"a"}), (None, set()), ({"a": 1}, set())],
)
def test_groups_are_texts(value, groups):
    assert read_groups(value) == groups
    assert read(groups=value).groups == groups


def test_groups_are_read_where_they_are_asked_for_alone():
    assert identity(CLAIMS, email="email", name="name", groups="", trusting=False).groups == frozenset()


def test_claim_is_found_by_its_name_before_its_path():
    claims = {"a.b": 1, "a": {"b": 2, "c": {"d": 3}}}

    assert [claim(claims, name) for name in ("a.b", "a.c.d", "a.x.y", "z", "a.c.d.e")] == [1, 3, None, None, None]


def test_text_is_on_one_line():
    assert text(" A\nd\0a\u202e ", 20) == "Ada"
