"""What docs/services.md says is so: its file makes a draft, its tables are those of the code."""

import re

import pytest
from tests.plugins.admin.conftest import Admin
from tests.plugins.admin.test_services import make
from tests.support.sources import ROOT

from tollbridge.errors import BadRequest
from tollbridge.services.lifecycle import Move, moved
from tollbridge.services.model import ReleaseState, ServiceState
from tollbridge.yamltext import read_yaml
from tollbridge_admin.commands.designfiles import FIELDS
from tollbridge_admin.commands.services import app

PAGE = (ROOT / "docs" / "services.md").read_text("utf-8")
ROWS = [
    [re.findall(r"`([a-z_]+)", cell) for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|")
]


def ways() -> set[tuple[str, str, str]]:
    """Give every move of a release that there is."""
    found = set()
    for state in ReleaseState:
        for move in Move:
            for approved in (False, True):
                try:
                    found.add((state.value, move.value, moved(state, move, reviewed=False, approved=approved).value))
                except BadRequest:
                    continue
    return found


async def test_file_of_the_page_makes_a_draft(admin: Admin) -> None:
    text, *_ = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

    made = await make(admin, draft=read_yaml(text))

    assert made["name"] == "Weather"


def test_every_field_is_explained() -> None:
    start = next(number for number, row in enumerate(ROWS) if row[0] == ["name", "description", "docs", "logo"])
    end = next(number for number, row in enumerate(ROWS) if row[0] == ["definition"])
    explained = [name for row in ROWS[start : end + 1] for name in row[0]]

    assert sorted(explained) == sorted(FIELDS)


def test_every_state_of_a_service_is_explained() -> None:
    assert [row[0][0] for row in ROWS if row[0][:1] and row[0][0] in set(ServiceState) and len(row) == 2] == [
        state.value for state in ServiceState
    ]


def test_every_way_of_a_release_is_in_the_table_and_no_other() -> None:
    told: set[tuple[str, str, str]] = set()
    for row in (row for row in ROWS if len(row) == 3 and row[0]):
        befores, moves, afters = row
        for number, move in enumerate(moves):
            told |= {
                (before, move, afters[number] if len(moves) > 1 else after) for before in befores for after in afters
            }
    told = {one for one in told if one[1] in set(Move)} | {
        (before, "fail", "failed") for before in ("live", "scheduled")
    }

    assert told == ways()


@pytest.mark.parametrize("said", ["403, `four_eyes`", "409, `review_needed`", "422, `not_ready`", "`service_retired`"])
def test_refusals_have_their_codes(said: str) -> None:
    assert said in PAGE


def test_moves_are_commands_by_their_names() -> None:
    commands = {command.name for command in app.registered_commands}
    assert {move.value for move in Move} - {"fail"} <= commands
