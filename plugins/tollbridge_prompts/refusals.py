"""What this package refuses.  No value that was sent is in it."""

import re
from collections.abc import Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, UpstreamError
from tollbridge.administering import show_usd
from tollbridge_prompts.asking import Spent

COST = "x-tollbridge-cost-usd"
_SHOWN = 80
_STRICT = "unsupported_by_target"
"""The code where a caller wants all or nothing (`Prefer: handling=strict`): the choice is its own."""
_LONG = frozenset(("context_length_exceeded", "request_too_large", "prompt_too_long"))
_IN_LONG_WORDS = re.compile(
    r"context (?:length|limit|window|size)|too many (?:input )?tokens|token count.{0,60}exceeds"
    r"|\b(?:prompt|input|request)\b.{0,60}too (?:long|large)",
    re.IGNORECASE | re.DOTALL,
)
_BARRED = frozenset(("content_policy_violation", "content_filter", "moderation_blocked", "invalid_prompt"))
_IN_BARRED_WORDS = re.compile(
    r"content[ _-](?:filter|management|polic)|(?:usage|safety) polic|safety system", re.IGNORECASE
)
"""How providers say that a prompt is longer than their model takes, or against their rules: some by a code, others by
their sentence alone."""


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

    def __init__(self, message: str, *, spent: Spent | None = None) -> None:
        super().__init__(message, headers=_cost(spent))
        self.spent = spent


class Declined(BadRequest):
    """The model, or who provides it, does not answer such a thing: a matter of what was sent."""

    status, code = 422, "model_declined"

    def __init__(self, message: str, *, spent: Spent | None = None, detail: str | None = None) -> None:
        super().__init__(message, headers=_cost(spent), detail=detail)
        self.spent = spent


class TooLong(BadRequest):
    """What is asked, with what was sent in it, is longer than its model takes."""

    status, code = 413, "prompt_too_long"


class TooSlow(UpstreamError):
    """There was no answer within the time that the definition gives."""

    status, code = 504, "upstream_timeout"


class ModelRefused(UpstreamError):
    """What the definition makes of a call is none that its model takes: its owner's matter, and not the caller's."""

    code, retry = "model_refused", False

    def __init__(self, error: BadRequest) -> None:
        super().__init__("the model behind this does not take what it is asked; tell its owner", detail=_told(error))


def refused(field: str, detail: str) -> InputRefused:
    """Refuse one field."""
    return InputRefused((FieldError(field, detail),))


def spent_of(error: GatewayError) -> Spent | None:
    """Give what was spent on an answer that there is none of, None where that is not known."""
    return error.spent if isinstance(error, BadAnswer | Declined) else None


def refusal_of(error: BadRequest) -> GatewayError:
    """Say whose matter it is that a model was asked what it does not take: the caller's, or else the owner's."""
    if error.code == _STRICT:
        return error
    if error.status == 413 or error.code in _LONG or _IN_LONG_WORDS.search(error.message):
        return TooLong("with what was sent the prompt is longer than its model takes; send less", detail=_told(error))
    if error.code in _BARRED or _IN_BARRED_WORDS.search(error.message):
        return Declined("the provider's rules do not let this be asked", detail=_told(error))
    return ModelRefused(error)


def _told(error: BadRequest) -> str:
    about = f" about {error.param[:_SHOWN]}" if error.param else ""
    return f"it was refused with {error.status} {error.code[:_SHOWN]}{about}"


def _cost(spent: Spent | None) -> dict[str, str]:
    return {} if spent is None or spent.cost is None else {COST: show_usd(spent.cost)}
