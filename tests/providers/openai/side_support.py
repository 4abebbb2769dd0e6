"""Forms as clients write them, and a gateway to send them to."""

from collections.abc import Callable, Iterable
from typing import Any

from tollbridge.testing import GatewayUnderTest

BOUNDARY = "b0undary"
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
PRICE = {"input": "1", "output": "10", "audio_input": "2", "image_input": "4"}
CONFIG: dict[str, Any] = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {
        "small": {"targets": ["mock/tiny-1"], "price": PRICE},
        "own": {"targets": ["mock/own"], "price": PRICE},
        "free": {"targets": ["mock/free"], "price": {"input": "0"}},
    },
}

Field = tuple[str, bytes | str] | tuple[str, bytes | str, str]
"""A field of a form: name, content, and the name of a file where it is one."""


def form(*fields: Field, boundary: str = BOUNDARY) -> bytes:
    """Write a form as most clients do."""
    written = []
    for field in fields:
        name, content, *file = field
        data = content if isinstance(content, bytes) else content.encode()
        more = f'; filename="{file[0]}"\r\nContent-Type: application/octet-stream' if file else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
        written.append(head.encode() + data + b"\r\n")
    return b"".join(written) + f"--{boundary}--\r\n".encode()


def make(gateway: Callable[..., GatewayUnderTest], **sections: Any) -> GatewayUnderTest:
    """Make a gateway whose provider is `mock`."""
    return gateway({**CONFIG, **sections})


def events(*data: bytes) -> list[bytes]:
    """Write events of these data."""
    return [b"data: %b\n\n" % each for each in data]


def pieces(whole: bytes, size: int) -> Iterable[bytes]:
    """Cut bytes into pieces of one size."""
    return [whole[at : at + size] for at in range(0, len(whole), size)]
