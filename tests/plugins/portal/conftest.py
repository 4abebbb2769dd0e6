from collections.abc import Iterator

import pytest
from tests.plugins.portal.shown import Shown, shown_in


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A gateway on loopback that serves what samples and set-ups call."""
    with shown_in(tmp_path_factory.mktemp("shown")) as found:
        yield found
