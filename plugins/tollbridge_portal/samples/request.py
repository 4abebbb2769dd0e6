"""A call as plain HTTP: what the samples without an SDK send."""

from collections.abc import Mapping
from dataclasses import dataclass

from tollbridge_portal.samples.called import JSON, Called, Kind, check_address, check_variable
from tollbridge_portal.samples.values import json_text

ANTHROPIC_VERSION = "2023-06-01"
"""Of its Messages API; it has had no other since (https://platform.claude.com/docs/en/api/versioning, 2026-11-28)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent.  `headers` are those beside the token's and the body's type, `variable` names the token's place."""

    method: str
    url: str
    variable: str
    headers: Mapping[str, str]
    body: JSON
    media_type: str
    streamed: bool

    @property
    def with_body(self) -> bool:
        return self.body is not None

    def text(self, indent: str = "") -> str:
        """Write the body as JSON whose further lines begin with `indent`."""
        return json_text(self.body, indent)

    def all_headers(self) -> dict[str, str]:
        """Give the headers with the type of the body, where there is one."""
        return {**({"Content-Type": self.media_type} if self.with_body else {}), **self.headers}


def request_of(called: Called, base_url: str, token_variable: str) -> Request:
    """Make the request of a call; raises `Unwritable` for an address or a variable that is none."""
    headers = dict(called.headers)
    if called.kind is Kind.MESSAGES:
        headers["anthropic-version"] = ANTHROPIC_VERSION
    return Request(
        called.method,
        check_address(base_url) + called.path,
        check_variable(token_variable),
        headers,
        called.body,
        called.media_type,
        called.streamed,
    )
