"""How tests are spread over processes (`pytest -n`): a file's tests stay together, for they share what it starts.

The matrix of SDKs stays together as a whole: its page is written from all that it saw.
"""

from typing import Any

import pytest

TOGETHER = ("tests/sdks/",)
"""Folders whose files are one piece of work."""


def piece(nodeid: str) -> str:
    """Name the piece of work that a test belongs to."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling

    class Pieces(LoadFileScheduling):
        """Gives pieces to whoever is free, the greatest first."""

        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid)

    return Pieces(config, log)
