"""The way to a gateway, one that has no database yet too: there nothing is, until something is made."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tollbridge.administering import NoDatabase
from tollbridge.cli.asking import JSON, PROBLEM, Asking, Query, Reply
from tollbridge.cli.places import Where
from tollbridge_admin import way_to

_EMPTY = Reply(200, {"content-type": JSON}, json.dumps({"items": [], "next": None}).encode())
_MISSING = Reply(404, {"content-type": PROBLEM}, json.dumps({"detail": "there is nothing yet"}).encode())


class _Blank(Asking):
    """Answers for a gateway that has no database as for one that has nothing in it."""

    def __init__(self, api: Asking) -> None:
        self._api = api

    def send(
        self, method: str, path: str, body: Any = None, query: Query | None = None, *, headers: Mapping[str, str] = {}
    ) -> Reply:
        try:
            return self._api.send(method, path, body, query, headers=headers)
        except NoDatabase:
            if method != "GET":
                raise
            return _EMPTY if path.count("/") == 1 else _MISSING


@contextmanager
def reached(where: Where) -> Iterator[Asking]:
    """Give the way to the API that a command's options name, within a `with` block."""
    with way_to(where) as api:
        yield _Blank(api)
