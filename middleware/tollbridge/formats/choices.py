"""Answers that hold `choices`, as OpenAI's do: what is the same in all their dialects, read and written whole.

Their streams, pieces of the same shape, are in `pieces`. Each dialect reads and writes a choice in its own way.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tollbridge.errors import GatewayError, UpstreamError
from tollbridge.formats.conversation import Request
from tollbridge.formats.events import Begin
from tollbridge.formats.fields import Fields
from tollbridge.formats.notes import Notes
from tollbridge.formats.response import Choice, Response
from tollbridge.formats.values import JSON, add_extras, decode_json, encode_json
from tollbridge.metering.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesFormat:
    """What a dialect with `choices` calls what.

    `what`: one of its answers, in an error. `whole` and `piece`: the `object` of an answer and of a piece of one.
    `prefix`: how its ids begin. `tier`: its member for the service tier, where it has one. `padding`: its member that
    hides how long a piece is. `read_error`: gives the error that a piece or an answer is, None for one that is none.
    `untold`: the usage of whole answers whose provider told none, where the dialect's clients want one; None leaves it
    out.
    """

    origin: str
    what: str
    whole: str
    piece: str
    prefix: str = ""
    tier: str | None = None
    padding: str
    read_usage: Callable[[JSON], Usage | None]
    write_usage: Callable[[Usage], JSON]
    read_error: Callable[[dict[str, JSON]], GatewayError | None]
    write_error: Callable[[GatewayError], bytes]
    untold: JSON = None

    def read(self, body: bytes, choice: Callable[[Fields, int], Choice]) -> Response:
        """Read a whole answer, each choice with its place; raises `UpstreamError` for what is none.

        Raises the provider's own error where that is told in place of an answer.
        """
        found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
        choices, wire = found.each("choices"), self.take_usage(found)
        error = None if choices else self.read_error(found.rest())
        if error is not None:
            raise error
        if choices is None:
            raise UpstreamError(f"the provider's answer is no {self.what}")
        head = self.read_head(found)
        return Response(
            origin=self.origin,
            id=head.id,
            model=head.model,
            created=head.created,
            choices=tuple([choice(one, place) for place, one in enumerate(choices)]),
            usage=self.read_usage(wire),
            wire_usage=wire,
            tier=head.tier,
            extras=head.extras,
        )

    def take_usage(self, found: Fields) -> dict[str, JSON] | None:
        """Take `usage` as it is, None where it says that none was told."""
        wire = found.members("usage")
        return None if wire == self.untold else wire

    def read_head(self, found: Fields) -> Begin:
        """Read what is said of the answer as a whole; its extras are all that was not taken."""
        id_, model, created = found.text("id"), found.text("model"), found.whole("created")
        tier = None if self.tier is None else found.text(self.tier)
        found.text("object")
        extras = found.rest()
        return Begin(origin=self.origin, id=id_ or "", model=model or "", created=created, tier=tier, extras=extras)

    def write(self, response: Response, choices: list[JSON], request: Request, notes: Notes) -> bytes:
        """Write a whole answer for the caller of `request`, its choices as they were written."""
        members = self.head(response, self.whole, request, notes)
        members["choices"] = choices
        native = response.origin == self.origin
        usage = self.usage(response.usage, response.wire_usage, native=native)
        if usage is None and not native:
            usage = self.untold
        if usage is not None:
            members["usage"] = usage
        if native:
            add_extras(members, response.extras)
        else:
            notes.drop_extras(response.extras)
        return encode_json(members)

    def head(self, told: Response | Begin, kind: str, request: Request, notes: Notes) -> dict[str, JSON]:
        """Write what is said of an answer, or of a piece of one, as a whole; `kind` is what its `object` says."""
        native = told.origin == self.origin
        head: dict[str, JSON] = {
            "id": told.id if native or told.id else f"{self.prefix}{notes.call_id}",
            "object": kind,
            "created": notes.now if told.created is None else told.created,
            "model": told.model if native else told.model or request.model,
        }
        if native and told.tier is not None:
            head.update(self.told_tier(told.tier))
        return head

    def told_tier(self, tier: str | None) -> dict[str, JSON]:
        """Write the service tier, nothing where it was not told."""
        return {} if self.tier is None or tier is None else {self.tier: tier}

    def usage(self, usage: Usage | None, wire: JSON, *, native: bool) -> JSON:
        """Write usage: of its own dialect's word for word, None where nothing is known of it."""
        if native and wire is not None:
            return wire
        return None if usage is None else self.write_usage(usage)
