"""The call that is asked about, as it would come from a server."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from tollbridge.call import CREDENTIAL_HEADERS
from tollbridge.metering.ledger import UsageRow

STAND_IN = b"tb_explained"
"""In place of the secret: nobody needs it to know what its token may do."""
_SHORT = {"role": "user", "content": "."}
_CHAT = "/v1/chat/completions"
SOCKET = "WS"
"""The method of a request that opens a WebSocket."""
_WITH_CONTENT = frozenset(("POST", "PUT", "PATCH"))
"""Methods of which clients say a length also where there is no body (RFC 9110, section 8.6)."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request: `path` may have a query, `client` is the address it comes from.

    What its headers show of a credential is left out. `assumed` says that nobody gave the body.
    """

    method: str = "POST"
    path: str = _CHAT
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    client: str = ""
    assumed: bool = False

    @property
    def scope(self) -> dict[str, Any]:
        """Give its ASGI scope, with a credential that is none."""
        raw, _, query = self.path.partition("?")
        target = raw.encode("utf-8", "replace")
        return {
            "type": "websocket" if self.method == SOCKET else "http",
            "http_version": "1.1",
            "method": self.method,
            "path": unquote_to_bytes(target).decode("utf-8", "replace"),
            "raw_path": target,
            "query_string": query.encode("utf-8", "replace"),
            "root_path": "",
            "headers": self._heads(),
            "client": (self.client, 0) if self.client else None,
            "subprotocols": [],
        }

    def _heads(self) -> list[tuple[bytes, bytes]]:
        given = [(name.lower().encode("latin-1", "replace"), said) for name, said in self.headers.items()]
        heads = [(name, said.encode("latin-1", "replace")) for name, said in given if name not in CREDENTIAL_HEADERS]
        known = {name for name, _ in heads}
        usual = [(b"host", b"gateway"), (b"authorization", b"Bearer " + STAND_IN)]
        if self.method != SOCKET and (self.body or self.method in _WITH_CONTENT):
            usual.append((b"content-type", b"application/json"))
            if b"transfer-encoding" not in known:
                usual.append((b"content-length", b"%d" % len(self.body)))
        return [*heads, *((name, value) for name, value in usual if name not in known)]


_PLAIN = {"ai:chat": _CHAT, "ai:embeddings": "/v1/embeddings"}
_INPUTS: dict[str, Any] = {_CHAT: {"messages": [_SHORT]}, "/v1/embeddings": {"input": "."}}


def asked_of(model: str, **more: Any) -> Asked:
    """Give a chat call of a model with one short message, for who names no more than that."""
    return Asked(**{**more, "method": "POST", "path": _CHAT, "body": _body(_CHAT, model), "assumed": True})


def asked_again(row: UsageRow, **more: Any) -> Asked | None:
    """Give the request of a call that was recorded, as far as the record has it; None where it has too little.

    What was said in it is kept nowhere: a short message stands for it. One that was made for another call is none that
    its caller could make.
    """
    if row.parent:
        return None
    path = _PLAIN.get(row.operation)
    if path is not None and row.model:
        return Asked(**{**more, "method": "POST", "path": path, "body": _body(path, row.model), "assumed": True})
    kind, _, rest = row.operation.partition(":")
    method, _, template = rest.partition(":")[2].partition(":")
    if kind == "service" and template.startswith("/"):
        return Asked(**{**more, "method": method, "path": template, "assumed": True})
    return None


def _body(path: str, model: str) -> bytes:
    return msgspec.json.encode({"model": model, **_INPUTS[path]})
