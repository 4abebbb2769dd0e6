"""What the SDK logs of our calls, pieces of messages among it, is for nobody (T30).

It holds also where logging is the host's; whoever else uses the SDK in this process keeps its logs.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)
_SDK = "mcp"


class _OfOthers(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _quiet.get()


_of_others = _OfOthers()


def watch_sdk() -> None:
    """Look at what the SDK logs, once all of it that is used is imported."""
    for name in list(logging.root.manager.loggerDict):
        if name == _SDK or name.startswith(f"{_SDK}."):
            logging.getLogger(name).addFilter(_of_others)


@contextmanager
def quiet(is_quiet: bool = True) -> Generator[None, None, None]:
    """Have nothing logged by the SDK in here, or in what is not ours of it again all."""
    before = _quiet.set(is_quiet)
    try:
        yield
    finally:
        _quiet.reset(before)
