"""What several modules' tests use."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tollbridge import logs
from tollbridge.testing import gateway

__all__ = ["gateway", "restored_logging"]


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Put logging back as it was."""
    root = logging.getLogger()
    loggers = [root, *map(logging.getLogger, (*logs._FLOORS, *logs._OWN_HANDLERS, *logs._QUIET))]
    before = [(logger.handlers[:], logger.filters[:], logger.level, logger.propagate) for logger in loggers]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)
    for logger, (kept, filters, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.filters, logger.propagate = kept, filters, propagate
        logger.setLevel(level)
