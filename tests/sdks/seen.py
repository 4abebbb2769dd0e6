"""What the tests of the matrix have in common: their rows, and what they note for the page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.sdks.page import Results
from tests.sdks.rows import CLIENT
from tests.sdks.table import Client, Family, Kind
from tests.support.requires import requires

TRIED: set[tuple[str, str, str]] = set()
"""The rows that some test is run for."""


def rows(*kinds: Kind, only: Callable[[str, Family], bool] = lambda what, family: True) -> pytest.MarkDecorator:
    """Run a test for each pair of these tables and each thing that is wanted of it, `only` some of them."""
    found = []
    for kind in kinds:
        for client, family in kind.pairs():
            needs = {client.need, CLIENT[family.native].need} if family.native else {client.need}
            for what in kind.wanted(client, family):
                if only(what, family):
                    TRIED.add((client.name, family.name, what))
                    id_ = f"{client.name}-{family.name}-{what}"
                    found.append(pytest.param(kind, client, family, what, marks=requires(*sorted(needs)), id=id_))
    return pytest.mark.parametrize(("kind", "client", "family", "what"), found)


@contextmanager
def noted(results: Results, client: Client, family: Family, what: str) -> Iterator[None]:
    """Note whether it went well."""
    key = (client.name, family.name, what)
    before = results.get(key, True)
    results[key] = False
    yield
    results[key] = before
