"""What is asked, and what comes of it."""

import msgspec

from tollbridge.formats.conversation import Request
from tollbridge.formats.response import Response
from tollbridge.metering.usage import Usage


class Ask(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A question for a model of the gateway, by its public name.

    `max_output` is in tokens, for one answer, and takes the place of the request's own. `strict` refuses what a target
    cannot be told, as `Prefer: handling=strict` of the outer call does; otherwise it is left out. The request's own
    `model` and `stream` mean nothing here.
    """

    model: str
    request: Request
    max_output: int | None = None
    strict: bool = False


class Account(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a question used, as the ledger has it under `call_id`.

    `cost` is in nano-dollars, None where the model has no price. `usage` is an estimate where the provider told none,
    and None where nothing is known. `model_used` is the provider's name for the model that answered. `dropped` are
    fields that were left out, by their canonical names.
    """

    call_id: str
    cost: int | None
    usage: Usage | None
    model_used: str
    dropped: tuple[str, ...]


class Answered(Account, frozen=True, kw_only=True, gc=False):
    """A whole answer, and its account."""

    response: Response
