"""What the API's objects say of themselves holds no secret (T02)."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest

import tollbridge_admin

SECRETS = frozenset(("client_secret", "hash", "key", "password", "private_key", "secret", "token", "tokens"))
"""Names of fields that hold secrets."""
IDS = frozenset(
    (("CallShown", "token"), ("CallerShown", "token"), ("ExplanationShown", "token"), ("GroupShown", "key"))
)
"""Those that hold ids."""
TEXT = "tb_live_0123456789abcdef"


def shapes() -> Iterator[type[msgspec.Struct]]:
    """Give every shape of the plugin."""
    for found in pkgutil.walk_packages(tollbridge_admin.__path__, "tollbridge_admin."):
        module = importlib.import_module(found.name)
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, msgspec.Struct) and thing.__module__ == module.__name__:
                yield thing


def secrets_of(shape: type[msgspec.Struct]) -> list[str]:
    """Name the fields that hold one, with what is written in texts alone."""
    named = [one for one in msgspec.structs.fields(shape) if one.name in SECRETS]
    return [one.name for one in named if _is_text(one.type) and (shape.__name__, one.name) not in IDS]


def _is_text(kind: object) -> bool:
    return kind is str or any(map(_is_text, get_args(kind)))


HOLDERS = [pytest.param(shape, name, id=shape.__name__) for shape in shapes() for name in secrets_of(shape)]


def test_shapes_that_hold_a_new_secret_are_among_them() -> None:
    held = {str(one.id) for one in HOLDERS}

    assert {"IssuedShown", "IssuedClientShown", "IssuedCredentialShown", "WebhookMade", "RotatedShown"} <= held
    assert {"NewProviderKeyWish", "NewPersonWish", "LeakReport", "ImportWish", "ExplainWish"} <= held


@pytest.mark.parametrize(("shape", "name"), HOLDERS)
def test_no_shape_shows_a_secret_in_its_repr(shape: type[msgspec.Struct], name: str) -> None:
    fields = {one.name: TEXT if one.name == name else None for one in msgspec.structs.fields(shape)}

    assert TEXT not in repr(shape(**fields))
