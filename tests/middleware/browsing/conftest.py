"""Requests as an app of pages sees them."""

from collections.abc import Callable

import pytest
from starlette.requests import Request

Ask = Callable[..., Request]


@pytest.fixture
def ask() -> Ask:
    """Give `ask(path, query, scheme=..., method=..., **headers)`: a request to the pages below `/_tollbridge`."""

    def make(
        path: str = "/_tollbridge/", query: str = "", *, scheme: str = "http", method: str = "POST", **headers: str
    ) -> Request:
        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "method": method,
            "scheme": scheme,
            "path": path,
            "root_path": "/_tollbridge",
            "query_string": query.encode(),
            "headers": [(b"host", b"gw.example"), *given],
            "server": ("gw.example", 80),
        }
        return Request(scope)

    return make
