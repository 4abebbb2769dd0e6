"""What docs/masking.md says is so."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from tests.plugins.masking.conftest import mask

from tollbridge_masking.finder import KINDS
from tollbridge_masking.masking import Masking

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "masking.md").read_text("utf-8")


def test_every_option_is_on_the_page_and_in_the_shipped_configuration() -> None:
    options = [option.name for option in fields(Masking) if option.init]
    shipped = (ROOT / "conf" / "tollbridge.toml").read_text("utf-8")
    example = re.search(r"^# \[policies\.masking\](?:.*\n# [^\n]+)+", shipped, re.MULTILINE)

    assert re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE) == options
    assert example is not None
    table = tomllib.loads(re.sub(r"^# ?", "", example[0], flags=re.MULTILINE))["policies"]["masking"]
    assert [*table] == options
    Masking(**{name: tuple(value) if isinstance(value, list) else value for name, value in table.items()})


def test_every_kind_is_on_the_page() -> None:
    assert {name for name in KINDS if f"| `{name}` |" in PAGE} == {*KINDS}


def test_telephone_numbers_of_the_page_are_found() -> None:
    said = PAGE[PAGE.index("A telephone number is one with") : PAGE.index("## What is not found")]
    numbers = [number for number in re.findall(r"`([^`]+)`", said) if len(number) > 5]

    assert len(numbers) == 8
    for number in numbers:
        assert mask(number, finds=("phone",), level="full") == "[phone]"


def test_addresses_that_the_page_says_are_not_found_are_not() -> None:
    said = PAGE[PAGE.index("## What is not found") : PAGE.index("## What is refused")]
    addresses = [address for address in re.findall(r"`([^`]+)`", said) if "@" in address]

    assert len(addresses) == 3
    assert [mask(address, finds=("email",)) for address in addresses] == addresses
