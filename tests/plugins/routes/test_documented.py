"""The designs of the documents are such as can be published."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tollbridge.services.kinds import ServiceKind
from tollbridge.services.model import Design
from tollbridge_routes.app.kind import AppKind
from tollbridge_routes.model.kind import ModelKind

PAGE = Path(__file__).parents[3] / "docs" / "services.md"
KINDS: dict[str, ServiceKind] = {"Routes of the app you wrap": AppKind(), "Model routes": ModelKind()}


def design(heading: str) -> Any:
    """Read the first design behind a heading."""
    text = PAGE.read_text("utf-8").split(f"\n## {heading}\n")[1]
    found = re.search(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return yaml.safe_load(found[1])


@pytest.mark.parametrize("heading", KINDS)
def test_design_of_the_documents_can_be_published(heading: str) -> None:
    kind = KINDS[heading]
    written = msgspec.convert(design(heading), Design)

    definition = msgspec.convert(written.definition, kind.definition)

    assert [problem for problem in kind.check(definition) if not problem.warning] == []
    assert kind.operations(definition)


@pytest.mark.parametrize("heading", KINDS)
def test_table_of_the_documents_has_every_field(heading: str) -> None:
    text = PAGE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]

    told = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)

    assert told == list(KINDS[heading].definition.__struct_fields__)
