import base64
from typing import Any

import pytest

from tollbridge.errors import BadRequest
from tollbridge.services.model import MOST_DESIGN, Contact, Design, Slo, read_design, write_design
from tollbridge.services.wishes import checked_design

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n....").decode()
FULL = Design(
    name="Weather",
    description="Rain\nand sun",
    docs="# How",
    logo=PNG,
    category="language/translation",
    tags=("sky", "rain"),
    contacts=(Contact(name="Ann", email="ann@example.com", url="https://example.com"),),
    slos=(Slo(name="up", objective=99.9, latency_ms=1, window_days=90),),
    plans=("free", "gold"),
    price_per_call_usd="0.01",
    definition={"b": 1, "a": [1]},
)


def test_full_and_empty_designs_are_taken_as_they_are() -> None:
    assert checked_design(FULL) is FULL
    assert checked_design(Design()) == Design()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a" * 101),
        ("name", "a\nb"),
        ("description", "a" * 1001),
        ("description", "a\0"),
        ("docs", "a" * 200_001),
        ("logo", "https://example.com/logo.png"),
        ("logo", "data:image/svg+xml;base64,AAAA"),
        ("logo", "data:image/png;base64,AAAA"),
        ("logo", "data:image/png;base64,A"),
        ("logo", "data:image/gif;base64," + base64.b64encode(b"GIF8" + b"." * 65_533).decode()),
        ("logo", "data:image/gif;base64," + "A" * 200_000),
        ("category", "a/b/c/d/e/f"),
        ("category", "/a"),
        ("category", "A"),
        ("tags", ("a", "a")),
        ("tags", ("A",)),
        ("tags", tuple(f"t{number}" for number in range(21))),
        ("contacts", (Contact(name=" "),)),
        ("contacts", (Contact(name="a\n"),)),
        ("contacts", (Contact(name="a", url="javascript:alert(1)"),)),
        ("contacts", tuple(Contact(name="a") for _ in range(11))),
        ("slos", (Slo(name="a", objective=100.0),)),
        ("slos", (Slo(name="a", objective=0.0),)),
        ("slos", (Slo(name="a", window_days=91),)),
        ("slos", (Slo(name="a", window_days=0),)),
        ("slos", (Slo(name="a", latency_ms=0),)),
        ("slos", (Slo(name="a"), Slo(name="a"))),
        ("slos", (Slo(name="a\n"),)),
        ("slos", tuple(Slo(name=str(number)) for number in range(11))),
        ("plans", ("a", "a")),
        ("plans", ("",)),
        ("plans", tuple(f"p{number}" for number in range(21))),
        ("price_per_call_usd", "-1"),
        ("price_per_call_usd", "1,5"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        checked_design(Design(**{field: value}))

    assert caught.value.param == f"draft/{field}"


def test_address_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match="an e-mail address is") as caught:
        checked_design(Design(contacts=(Contact(name="a", email="a"),)))

    assert caught.value.param == "draft/contacts"


def test_logo_of_the_largest_size_is_taken() -> None:
    logo = "data:image/gif;base64," + base64.b64encode(b"GIF8" + b"." * 65_532).decode()

    assert checked_design(Design(logo=logo)).logo == logo


def test_design_is_bounded_as_a_whole() -> None:
    with pytest.raises(BadRequest) as caught:
        checked_design(Design(definition={"text": "a" * MOST_DESIGN}))

    assert caught.value.param == "draft"


def test_equal_designs_are_equal_bytes() -> None:
    again = Design(**{name: getattr(FULL, name) for name in reversed(FULL.__struct_fields__)})

    assert write_design(again) == write_design(FULL)
    assert read_design(write_design(FULL)) == FULL


def test_members_of_a_definition_stay_in_their_order() -> None:
    design = Design(definition={"reason": 1, "grade": {"c": 1, "b": 2, "a": 3}})

    read = read_design(write_design(design)).definition

    assert list(read) == ["reason", "grade"]
    assert list(read["grade"]) == ["c", "b", "a"]
