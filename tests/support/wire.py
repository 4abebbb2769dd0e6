"""HTTP/1.1 as bytes on a connection: sent as they are, answers read apart."""

import socket
from dataclasses import dataclass

_PATIENCE_S = 20.0
_QUIET_S = 1.0


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """One answer; header names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(port: int, data: bytes, *, quiet_s: float = _QUIET_S) -> bytes:
    """Send bytes and give all that comes back: until the server closes, or says nothing for `quiet_s` seconds."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as connection:
        try:
            connection.sendall(data)
            connection.settimeout(quiet_s)
            while part := connection.recv(65_536):
                received += part
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
    return received


def answers(data: bytes) -> list[WireAnswer]:
    """Read answers apart; raises `AssertionError` for what is none.  The last may be cut off."""
    found = []
    while data:
        assert data.startswith(b"HTTP/1."), data[:200]
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        headers = dict(pairs)
        assert len(headers) == len(pairs), f"a header came twice: {pairs}"
        body, data = _body(headers, data)
        found.append(WireAnswer(int(first.split(" ")[1]), headers, body))
    return found


def _body(headers: dict[str, str], data: bytes) -> tuple[bytes, bytes]:
    """Give a body and what comes after it."""
    if "content-length" in headers:
        length = int(headers["content-length"])
        return data[:length], data[length:]
    if headers.get("transfer-encoding") != "chunked":
        return data, b""
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length + 2 :]
        if not length:
            break
    return body, data
