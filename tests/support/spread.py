"""How tests are spread over processes (`pytest -n`): a file's tests stay together, for they share what it starts.

The matrix of SDKs stays together as a whole: its page is written from all that it saw.
"""

from typing import Any

import pytest

TOGETHER = ("tests/sdks/",)
"""Folders whose files are one piece of work."""
LONG = (
    "tests/journeys/test_every_screen.py",
    "tests/journeys/test_states.py",
    "tests/live/test_webhooks.py",
    "tests/plugins/admin/test_query_costs.py",
    "tests/plugins/admin/test_crossing_fields.py",
    "tests/plugins/postgres/test_crash.py",
    "tests/plugins/admin/test_schemathesis.py",
    "tests/live/test_revocation.py",
    "tests/live/test_cutting_secrets.py",
    "tests/live/test_key_rotation.py",
    "tests/live/test_oauth_races.py",
    "tests/live/test_cutting.py",
    "tests/middleware/explaining/test_truth.py",
    "tests/middleware/test_gateway_keys.py",
    "tests/plugins/admin/test_attenuation.py",
)
"""Files of few tests that take long: begun first, or all other processes would wait for the last of them."""


def piece(nodeid: str) -> str:
    """Name the piece of work that a test belongs to."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling

    class Pieces(LoadFileScheduling):
        """Gives pieces to whoever is free: the long ones, then the others, those of the most tests first."""

        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid)

        def _assign_work_unit(self, node: Any) -> None:
            for long in reversed(LONG):
                if long in self.workqueue:
                    self.workqueue.move_to_end(long, last=False)
            super()._assign_work_unit(node)

    return Pieces(config, log)
