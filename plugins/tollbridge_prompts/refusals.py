"""What this package refuses.  No value that was sent is in it."""

from collections.abc import Sequence

import msgspec

from tollbridge import BadRequest, UpstreamError

_SHOWN = 80


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one part of the input: where, as a JSON pointer, and a sentence."""

    field: str
    detail: str


class InputRefused(BadRequest):
    """Some of the input cannot be used."""

    status, code = 422, "invalid_fields"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        first = errors[0]
        super().__init__(f"{first.field}: {first.detail}", param=first.field)
        self.errors = tuple(errors)


class NotAcceptable(BadRequest):
    """No media type that the caller accepts is one of those this can be answered in (RFC 9110, 15.5.7)."""

    status, code = 406, "not_acceptable"


class WrongKind(BadRequest):
    """The body is of another media type than is taken (RFC 9110, 15.5.16)."""

    status, code = 415, "unsupported_media_type"


class BadAnswer(UpstreamError):
    """The model's answer is none that may be passed on, and asking again did not help."""

    code, retry = "invalid_answer", False


class TooSlow(UpstreamError):
    """There was no answer within the time that the definition gives."""

    status, code = 504, "upstream_timeout"


class ModelRefused(UpstreamError):
    """What the definition makes of a call is none that its model takes: its owner's matter, and not the caller's."""

    code, retry = "model_refused", False

    def __init__(self, error: BadRequest) -> None:
        about = f" about {error.param[:_SHOWN]}" if error.param else ""
        super().__init__(
            "the model behind this does not take what it is asked; tell its owner",
            detail=f"it was refused with {error.status} {error.code[:_SHOWN]}{about}",
        )


def refused(field: str, detail: str) -> InputRefused:
    """Refuse one field."""
    return InputRefused((FieldError(field, detail),))
