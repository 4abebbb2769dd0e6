"""Where a new secret is handed over to: a webhook, a file, or a secret manager of a plugin's."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tollbridge.errors import BadRequest

_FORMS = {
    "webhook": re.compile(r"whk_[0-9a-f]{28}"),
    "file": re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,7}"),
    "hook": re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}"),
}


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A token's new secret, on its way.

    `id` is the same however often it is handed over: whoever gets it twice has it once. It opens already, until
    `ends_at`, None for ever.
    """

    id: str
    token_id: str
    name: str
    team: str
    hint: str
    ends_at: datetime | None
    secret: str = field(repr=False)


class SecretSink(Protocol):
    """A place of a plugin's that secrets are handed over to."""

    async def put(self, new: NewSecret) -> None:
        """Keep the secret in place of the one before; once this returns it is taken to be there.

        May be called again with the same secret, after a crash or a failure. What it raises is told by its class and
        line, never by its words, and it is called again later; so where it takes longer than `[plugins] timeout_s`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Into:
    """A place, as `webhook:ID`, `file:PATH` or `hook:NAME` names it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def parse_into(text: str) -> Into:
    """Read it; raises `BadRequest` with `param`."""
    kind, _, name = text.partition(":")
    form = _FORMS.get(kind)
    if form is None or form.fullmatch(name) is None:
        raise BadRequest(
            "a secret is handed over into webhook:ID, file:PATH below [rotation] folder, or hook:NAME", param="into"
        )
    return Into(kind, name)
