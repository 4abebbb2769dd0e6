"""Listens to every log line of the whole run, at the loudest level, for secrets that were made in it (T30).

A pytest plugin. A test fails whose own process, or a gateway that it ran as a process of its own, says a secret to
anybody who listens: structlog's events before they are redacted, records of the standard library above the floors of
`tollbridge.logs`, and all that `tollbridge serve` prints. Tests that log secrets on purpose are marked `says_secrets`.
"""

import logging
import re
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import LogCapture
from structlog.typing import EventDict, WrappedLogger

from tollbridge import logs
from tollbridge.tokens.secret import PATTERN, is_well_formed

KEY = "sk-upstream-secret"
"""The key of the provider that most tests have."""
_TOKEN = re.compile(PATTERN)
_JWT = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")


def secrets_in(text: str) -> list[str]:
    """Give what of a text is a secret: a token of ours or a JWT by its shape, and what was told to `logs.hide`.

    A token's last characters are a check sum, so that none is found that nobody made.
    """
    found = [token for token in _TOKEN.findall(text) if is_well_formed(token.encode("ascii"))]
    hidden = [secret for secret in logs._redactor._variants if isinstance(secret, str) and secret in text]
    return list(dict.fromkeys([*found, *_JWT.findall(text), *hidden, *([KEY] if KEY in text else [])]))


class Ears(logging.Handler):
    """Hears events and records, and keeps those with a secret in them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.addFilter(logs._above_its_floor)
        self.heard: list[str] = []
        self.count = 0

    def listen(self, text: str) -> None:
        """Hear one line."""
        self.count += 1
        if secrets_in(text):
            self.heard.append(text)

    def emit(self, record: logging.LogRecord) -> None:
        """Hear a record of the standard library, with its traceback; not the client of a test, which names its URLs."""
        if record.name != "httpx2":
            self.listen(logging.Formatter("%(name)s: %(message)s").format(record))

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Hear an event of structlog."""
        self.listen(repr(event))
        return event


ears = Ears()
"""One for the process, as logging itself is."""


class _Captured(LogCapture):
    """What `capture_logs` puts in place of all processors, ours too."""

    def __call__(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> None:  # type: ignore[override]
        ears(logger, method_name, event_dict)
        super().__call__(logger, method_name, event_dict)


@pytest.fixture(autouse=True)
def nothing_secret_is_said(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which a log line holds a secret.

    The levels stay low when it ends: setting one empties the caches of all loggers, most of what this would cost.
    """
    root, processors = logging.getLogger(), structlog.get_config()["processors"]
    for logger, level in (
        (root, logging.DEBUG),
        *((logging.getLogger(name), low) for name, low in logs._FLOORS.items()),
    ):
        if logger.level != level:
            logger.setLevel(level)
    root.addHandler(ears)
    processors.insert(0, ears)
    yield
    root.removeHandler(ears)
    if ears in processors:
        processors.remove(ears)
    heard, ears.heard = ears.heard, []
    if heard and request.node.get_closest_marker("says_secrets") is None:
        pytest.fail("a log line holds a secret:\n" + "\n".join(line[:2000] for line in heard[:5]))


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker, and stand in for what captures events."""
    config.addinivalue_line("markers", "says_secrets: logs secrets on purpose, to show that they are taken out")
    structlog.testing.LogCapture = _Captured  # type: ignore[misc]
