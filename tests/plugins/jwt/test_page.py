"""What `docs/identity.md` says of the options."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from tollbridge.config import parse_config
from tollbridge.configured import sources_of
from tollbridge.registry import Registry
from tollbridge_jwt.grants import Grants
from tollbridge_jwt.introspection import Introspection
from tollbridge_jwt.issuers import OutsideIssuer, OutsideIssuers

PAGE = (Path(__file__).parents[3] / "docs" / "identity.md").read_text("utf-8")
SECTIONS = re.split(r"^#+ (.+)$", PAGE, flags=re.MULTILINE)
BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def documented(heading: str) -> set[str]:
    """Give the options in the table of a section."""
    rows = re.findall(r"^\| (`.+?) \|", SECTIONS[SECTIONS.index(heading) + 1], re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_section_on_the_page_can_be_used(block: str) -> None:
    offered = Registry(identity_sources={"jwt": OutsideIssuers, "introspection": Introspection})

    assert len(sources_of(parse_config(tomllib.loads(block)), offered)) == 1


@pytest.mark.parametrize(
    ("heading", "cls"), [("JWTs", OutsideIssuer), ("Opaque tokens", Introspection), ("What a token gives", Grants)]
)
def test_every_option_is_on_the_page(heading: str, cls: type[Grants]) -> None:
    options = {option.name for option in fields(cls) if option.init}

    assert documented(heading) == options - ({one.name for one in fields(Grants)} if cls is not Grants else set())
