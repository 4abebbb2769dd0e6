"""The table of metrics, in code and on the page."""

import re
import subprocess
import sys
from pathlib import Path

from tollbridge.metrics import FAMILIES

PAGE = Path(__file__).parents[3] / "docs" / "operations-metrics.md"


def test_page_lists_every_metric_as_it_is() -> None:
    text = PAGE.read_text("utf-8")

    table = re.findall(r"^\| `(tollbridge_\w+)` \| (\w+) \| (.+?) \| (.+) \|$", text, re.MULTILINE)

    assert table == [
        (family.name, family.kind, ", ".join(f"`{label}`" for label in family.labels) or "-", family.help)
        for family in FAMILIES.values()
    ]


def test_page_explains_every_label() -> None:
    text = PAGE.read_text("utf-8")

    explained = set(re.findall(r"^\| `(\w+)` \| ", text, re.MULTILINE))

    labels = {label for family in FAMILIES.values() for label in family.labels}
    assert labels - {"version", "python"} <= explained


def test_names_follow_the_house_style() -> None:
    for family in FAMILIES.values():
        assert re.fullmatch(r"tollbridge_[a-z_]+", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter")
        assert family.name.endswith("_seconds") == (family.kind == "histogram")


def test_no_label_names_a_caller() -> None:
    labels = {label for family in FAMILIES.values() for label in family.labels}

    assert not labels & {"token", "token_id", "user", "team", "call_id", "request_id", "path", "client"}


def test_importing_tollbridge_does_not_load_the_metrics_library() -> None:
    code = "import sys, tollbridge; print('prometheus_client' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
