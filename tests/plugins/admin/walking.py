"""The routes that there are, for tests that go through all of them: a new one falls under each by itself."""

import json
import re
from collections.abc import Sequence
from typing import Any

from tests.plugins.admin.conftest import Admin

from tollbridge_admin.app import make_table
from tollbridge_admin.routes import PATTERNS, Route

SAMPLES = {"id": "tok_1", "name": "nobody", "key": "NOBODY_KEY", "credential": "key_" + "0" * 28}
SAMPLES |= {"service": "svc_1", "number": "999"}
"""What stands for each name of a path and is not there."""


def routes_of(admin: Admin) -> Sequence[Route]:
    """Give every route of the gateway's table."""
    return make_table(admin.under.gateway).routes


def writes_of(admin: Admin) -> Sequence[Route]:
    """Give those that change something."""
    return [one for one in routes_of(admin) if not one.reads]


def filled(path: str, **names: str) -> str:
    """Give the path of a request: names that are not given stand for nothing that is there."""
    for name, pattern in PATTERNS.items():
        value = names.get(name, SAMPLES[name])
        assert re.fullmatch(pattern, value), f"{value} is no {name}"
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"what stands for the names of {path} is not known here"
    return path


def segment(one: Route) -> str:
    """Give what kind of thing a path is about: its first word, but for what a team has beside members."""
    words = one.path.split("/")
    return "invitations" if "invitations" in words else words[1]


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()
