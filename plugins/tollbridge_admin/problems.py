"""Refusals of the API, as problem details (RFC 9457).  No value that was sent is in them."""

from collections.abc import Sequence

import msgspec

from tollbridge import BadRequest, Call, GatewayError
from tollbridge.administering import clean

KIND = "application/problem+json"
BLANK = "about:blank"
"""The type of a problem that says no more than its status and its code do (RFC 9457, 4.2.1)."""


class FieldProblem(msgspec.Struct, frozen=True):
    """What is wrong with one field: its name, with dots between levels, and a sentence."""

    field: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A refusal: `code` is for programs, `detail` for people, `errors` are there where fields are wrong."""

    status: int
    title: str
    detail: str
    code: str
    type: str = msgspec.field(default=BLANK)
    errors: Sequence[FieldProblem] = ()


class FieldsRefused(BadRequest):
    """Some fields cannot be used."""

    status, code = 422, "invalid_fields"

    def __init__(self, errors: Sequence[FieldProblem]) -> None:
        first = errors[0]
        super().__init__(f"{first.field}: {first.detail}" if first.field else first.detail, param=first.field)
        self.errors = tuple(errors)


class TagMismatch(BadRequest):
    """The object is another than the one that was read."""

    status, code = 412, "changed_since"

    def __init__(self) -> None:
        super().__init__("it was changed since it had this entity tag; read it again")


class WrongKind(BadRequest):
    """The body is of another media type than the route takes."""

    status, code = 415, "unsupported_media_type"


def refused(field: str, detail: str) -> FieldsRefused:
    """Refuse one field."""
    return FieldsRefused((FieldProblem(field, detail),))


def write_problem(call: Call, error: GatewayError) -> tuple[bytes, bytes]:
    """Give the media type and the body for an error; where it is about a field, the core may have quoted from it."""
    problem = Problem(
        type=BLANK,
        title=error.title,
        status=error.status,
        detail=clean(error.message) if error.param and not isinstance(error, FieldsRefused) else error.message,
        code=error.code,
        errors=error.errors if isinstance(error, FieldsRefused) else (),
    )
    return KIND.encode("ascii"), _encode(problem)


def _encode(problem: Problem) -> bytes:
    """Write it with its `type`, which stands first."""
    return msgspec.json.encode({"type": problem.type, **msgspec.to_builtins(problem)})
