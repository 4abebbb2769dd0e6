"""Past ASGI's messages, between the server of ours and the layers, where nobody stands in between.

A message costs a coroutine, a dict and a turn through whoever handles it. A body that is here and an answer that is
whole need none. A `receive` or `send` that is a method of one of these is asked for them at once; any other, such as
that of a middleware between, gets the messages.
"""

from collections.abc import Callable
from typing import Any

from tollbridge.call import Headers

TakeWhole = Callable[[int], bytes | None]
SendWhole = Callable[[int, Headers, bytes], bool]


class GivesBody:
    """Has a `receive`, and `take_whole` for the body of its request."""

    __slots__ = ()

    def take_whole(self, most: int) -> bytes | None:
        """Give all of the body if it is here, none of it was taken and it has `most` bytes at most; else None."""
        raise NotImplementedError


class TakesAnswer:
    """Has a `send`, and `send_whole` for an answer in one piece."""

    __slots__ = ()

    def send_whole(self, status: int, headers: Headers, body: bytes) -> bool:
        """Send an answer if it can leave now and nothing of one was sent; False, and nothing sent, if not."""
        raise NotImplementedError


def body_at_once(receive: Any) -> TakeWhole | None:
    """Give the way past `receive`, if there is one."""
    owner = getattr(receive, "__self__", None)
    return owner.take_whole if isinstance(owner, GivesBody) else None


def answer_at_once(send: Any) -> SendWhole | None:
    """Give the way past `send`, if there is one."""
    owner = getattr(send, "__self__", None)
    return owner.send_whole if isinstance(owner, TakesAnswer) else None
