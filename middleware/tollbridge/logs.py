"""Logs: one event a line, JSON for a machine and columns for a terminal, no secret in either.

`configure` is for a gateway that stands alone. A wrapped app keeps its own logging; there, everything of ours goes
through structlog as the app set it up.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from tollbridge.clock import Clock, SystemClock
from tollbridge.errors import ConfigError
from tollbridge.faults import told
from tollbridge.redaction import Redactor

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_FLOORS = {
    "aiosqlite": logging.INFO,  # prints every statement with its values
    "authlib": logging.INFO,  # prints live tokens
    "httpcore2": logging.INFO,  # prints headers
    "hpack": logging.INFO,
    "mcp": logging.CRITICAL,  # prints whole messages, and bodies in its errors
    "python_multipart": logging.INFO,
    "sse_starlette": logging.INFO,  # prints pieces of answers
    "sqlalchemy": logging.WARNING,  # prints every statement with its values
    "uvicorn.error": logging.INFO,  # given to the WebSocket library, which prints whole messages
    "uvicorn.asgi": logging.INFO,
    "websockets": logging.INFO,
}
"""The lowest level each of these may speak at, whatever is asked for."""
_OWN_HANDLERS = ("alembic", "uvicorn", "uvicorn.access", "uvicorn.error")
_QUIET = ("httpx2", "alembic")
"""Loggers that say at `info` what is of use at `debug` only."""

_FIRST = ("timestamp", "level", "logger")
"""Fields no caller can set."""

_redactor = Redactor()  # one for the process, as logging itself is; it holds secrets to hide and nothing of a request
hide = _redactor.hide
clean = _redactor.text
_encode = msgspec.json.Encoder().encode


def redact(logger: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
    """Take secrets and unsafe characters out of a record: a structlog processor, for apps with logging of their own."""
    return _redactor.record(event_dict)


def configure(
    *, level: str = "info", format: str = "auto", stream: TextIO | None = None, clock: Clock | None = None
) -> None:
    """Set up structlog and the standard library's logging for this process, in place of what there was.

    `format` is `json`, `console`, or `auto`: columns on a terminal and JSON elsewhere. `stream` is standard output if
    not given. Raises `ConfigError` for an unknown level or format.
    """
    if level not in _LEVELS:
        raise ConfigError(f"logging.level {level!r} must be one of {', '.join(_LEVELS)}")
    if format not in ("auto", "json", "console"):
        raise ConfigError(f"logging.format {format!r} must be auto, json or console")
    out = sys.stdout if stream is None else stream
    terminal = out.isatty()
    console = format == "console" or (format == "auto" and terminal)
    render: Processor = _Columns(colors=terminal) if console else _as_json
    write = Lines("", out.buffer)
    common: list[Processor] = [_Shape(clock or SystemClock()), _exception_on_one_line, redact, render]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *common],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=_Loggers(write, json=not console and _LEVELS[level] <= logging.INFO),
        cache_logger_on_first_use=False,
    )
    _adopt_standard_logging(_LEVELS[level], common, write)


class _Loggers:
    """Makes the loggers of this process, which share one stream and one lock."""

    def __init__(self, write: "Lines", *, json: bool) -> None:
        self.write = write
        self.json = json

    def __call__(self, *args: str) -> "Lines":
        return self.write.named(args[0] if args else "")


def own_lines() -> "Lines | None":
    """Give where this process writes lines of JSON at level `info`; None if it does not, or someone else set it up."""
    loggers = structlog.get_config()["logger_factory"]
    return loggers.write if isinstance(loggers, _Loggers) and loggers.json else None


def _adopt_standard_logging(level: int, processors: Sequence[Processor], write: "Lines") -> None:
    """Send what other libraries log the same way, warnings included."""
    handler = _Adopted(write)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[*processors, _as_text]))
    handler.addFilter(_above_its_floor)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING if level == logging.INFO else logging.NOTSET)
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(floor, level))
    logging.captureWarnings(True)


def _above_its_floor(record: logging.LogRecord) -> bool:
    """Hold a floor also where a library set a level of its own on a logger below."""
    name = record.name
    while name:
        if record.levelno < _FLOORS.get(name, 0):
            return False
        name = name.rpartition(".")[0]
    return True


class Lines:
    """Writes whole lines to a stream, in their order.  A stream that is gone loses them: a log must not stop a call."""

    def __init__(self, name: str, out: BinaryIO, held: "_Held | None" = None) -> None:
        self.name = name
        self._out = out
        self._held = held or _Held()

    def named(self, name: str) -> "Lines":
        """Give a logger of another name that writes to the same place."""
        return Lines(name, self._out, self._held)

    def msg(self, line: bytes) -> None:
        with self._held.lock:
            self._held.lines.append(line)
        self._flush()

    def write_soon(self, line: bytes) -> None:
        """Write a line in the event loop's next turn, in one go with others, and before any that is written later."""
        held = self._held
        with held.lock:
            held.lines.append(line)
        if held.flushing is not None and not held.flushing.is_closed():
            return
        try:
            held.flushing = asyncio.get_running_loop()
            held.flushing.call_soon(self._flush)
        except RuntimeError:  # no event loop
            self._flush()

    def _flush(self) -> None:
        held = self._held
        with held.lock, suppress(OSError, ValueError):
            held.flushing = None
            lines, held.lines = held.lines, []
            if lines:
                self._out.write(b"\n".join(lines) + b"\n")
                self._out.flush()

    debug = info = warning = error = critical = msg


class _Held:
    """Lines that are about to be written, of all loggers of one stream."""

    __slots__ = ("flushing", "lines", "lock")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.flushing: asyncio.AbstractEventLoop | None = None
        self.lock = threading.Lock()


class _Adopted(logging.Handler):
    """Takes records of the standard library's logging."""

    def __init__(self, write: Lines) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:
            # The library's own way is to print the arguments to standard error, with whatever secret is in them.
            failed = {"event": "log_record_failed", "where": f"{record.filename}:{record.lineno}"}
            event = {"name": record.name, "msg": failed, "_logger": self._write, "_name": "error"}
            line = self.format(logging.makeLogRecord(event))
        self._write.msg(line.encode("utf-8"))


class Stamp:
    """Writes times as ISO 8601 in UTC, with milliseconds; what does not change from one record to the next is kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = (0, "")
        self._last = (-1, "")

    def now(self) -> str:
        return self.of(self._clock.time())

    def of(self, at: float) -> str:
        """Write seconds since the epoch."""
        ms = int(at * 1000)
        last, stamp = self._last
        if last == ms:
            return stamp
        second = ms // 1000
        known, text = self._second
        if known != second:
            text = datetime.fromtimestamp(second, UTC).isoformat()[:-6]
            self._second = (second, text)
        stamp = f"{text}.{ms % 1000:03d}Z"
        self._last = (ms, stamp)
        return stamp


class _Shape:
    """Gives every record the same first fields."""

    def __init__(self, clock: Clock) -> None:
        self._stamp = Stamp(clock)

    def __call__(self, logger: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
        record = event_dict.pop("_record", None)
        if record is None:
            at, name = self._stamp.now(), logger.name
        else:
            del event_dict["_from_structlog"]
            at, name = self._stamp.of(record.created), record.name
        if not event_dict.keys().isdisjoint(_FIRST):
            for key in _FIRST:
                event_dict.pop(key, None)
        return {
            "timestamp": at,
            "level": method,
            "logger": name,
            "event": event_dict.pop("event", ""),
            **event_dict,
        }


def _exception_on_one_line(logger: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
    """Put `exception` and `traceback` in place of `exc_info`.  No line of source and no local variable is shown."""
    given = event_dict.pop("exc_info", None)
    if not given:
        return event_dict
    exc = given if isinstance(given, BaseException) else (given if isinstance(given, tuple) else sys.exc_info())[1]
    if exc is None:
        return event_dict
    event_dict.update(told(exc))
    return event_dict


def _as_json(logger: WrappedLogger, method: str, event_dict: EventDict) -> bytes:
    return _encode(event_dict)


def _as_text(logger: WrappedLogger, method: str, rendered: Any) -> str:
    text: str = rendered.decode("utf-8")
    return text


_COLUMN_NAMES = (("exception", "raised"), ("traceback", "at"), ("stack", "stack_"))


class _Columns:
    """Renders for a terminal."""

    def __init__(self, *, colors: bool) -> None:
        self._render = structlog.dev.ConsoleRenderer(colors=colors, sort_keys=False)

    def __call__(self, logger: WrappedLogger, method: str, event_dict: EventDict) -> bytes:
        # The renderer puts what it knows of an exception below the line; ours is short, and belongs into it.
        for key, shown in _COLUMN_NAMES:
            if key in event_dict:
                event_dict[shown] = event_dict.pop(key)
        return self._render(logger, method, event_dict).encode("utf-8")
