"""What stands in the log: one event a line, in one shape, with no secret."""

import ast
import io
import json
import logging
import os
import pty
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import structlog
import uvicorn
from authlib.integrations.httpx_client import AsyncOAuth2Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from tests.support.sources import of, sources

from tollbridge import logs
from tollbridge.errors import ConfigError
from tollbridge.logs import configure
from tollbridge.redaction import REDACTED
from tollbridge.tokens.secret import make_secret

TOKEN = "tb_0123456789ABCDEFGHIJKLMNOPQRSTUV3fGh9K"
NOON = datetime(2026, 11, 1, 12, 0, 0, 250_000, tzinfo=UTC)


class StillClock:
    """Noon, and 100 s since anything."""

    def now(self) -> datetime:
        return NOON

    def time(self) -> float:
        return NOON.timestamp()

    def monotonic(self) -> float:
        return 100.0


class Output:
    """A stream that remembers."""

    def __init__(self, *, terminal: bool = False) -> None:
        self.raw = io.BytesIO()
        self.stream = io.TextIOWrapper(self.raw)
        if terminal:
            self.stream.isatty = lambda: True  # type: ignore[method-assign]  # what a terminal says of itself

    @property
    def text(self) -> str:
        return self.raw.getvalue().decode("utf-8")

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.raw.getvalue().split(b"\n") if line]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Put logging back as it was."""
    names = [*logs._FLOORS, *logs._OWN_HANDLERS, *logs._QUIET]
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)
    root.handlers, root.level = handlers, level
    for logger, (kept, kept_level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = kept, propagate
        logger.setLevel(kept_level)


def configured(*, level: str = "debug", format: str = "json", terminal: bool = False) -> Output:
    output = Output(terminal=terminal)
    configure(level=level, format=format, stream=output.stream, clock=StillClock())
    return output


def test_event_is_one_line_of_json_with_the_same_first_fields() -> None:
    output = configured()

    structlog.get_logger("tollbridge").warning("target_failed", provider="openai", status=503)

    assert output.lines == [
        '{"timestamp":"2026-11-01T12:00:00.250Z","level":"warning","logger":"tollbridge",'
        '"event":"target_failed","provider":"openai","status":503}'
    ]


def test_record_of_the_standard_library_has_the_same_shape() -> None:
    output = configured()

    logging.getLogger("alembic.runtime.migration").info("Running upgrade %s -> %s", "a", "b")

    (event,) = output.events
    assert list(event) == ["timestamp", "level", "logger", "event"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["timestamp"])
    assert event["logger"] == "alembic.runtime.migration"
    assert event["level"] == "info"
    assert event["event"] == "Running upgrade a -> b"


def test_bound_context_is_in_every_event() -> None:
    output = configured()
    structlog.contextvars.bind_contextvars(call_id="req_1")

    structlog.get_logger().info("token_revoked")

    assert output.events[0]["call_id"] == "req_1"
    assert output.events[0]["logger"] == ""


def test_no_caller_sets_the_first_fields() -> None:
    output = configured()

    structlog.get_logger("tollbridge").info("token_revoked", level="none", timestamp="never", logger="x", by="me")

    assert output.events == [
        {
            "timestamp": "2026-11-01T12:00:00.250Z",
            "level": "info",
            "logger": "tollbridge",
            "event": "token_revoked",
            "by": "me",
        }
    ]


@pytest.mark.parametrize(("level", "shown"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_level_holds_for_both_ways_of_logging(level: str, shown: int) -> None:
    output = configured(level=level)

    for log in (structlog.get_logger("tollbridge"), logging.getLogger("somebody.else")):
        for method in ("debug", "info", "warning", "error"):
            getattr(log, method)("event")

    assert len(output.lines) == 2 * shown


@pytest.mark.parametrize(
    ("option", "message"),
    [({"level": "loud"}, "logging.level 'loud' must be one of debug"), ({"format": "xml"}, "logging.format 'xml'")],
)
def test_unknown_option_is_refused(option: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        configure(**option)  # type: ignore[arg-type]  # a plain table


def test_terminal_gets_columns_and_anything_else_json() -> None:
    terminal, pipe = configured(format="auto", terminal=True), Output()

    structlog.get_logger("tollbridge").info("token_revoked", by="me")
    configure(format="auto", stream=pipe.stream)
    structlog.get_logger("tollbridge").info("token_revoked", by="me")

    assert "\x1b[" in terminal.text
    assert "token_revoked" in terminal.text
    assert pipe.events[0]["by"] == "me"


def test_columns_without_a_terminal_have_no_colour() -> None:
    output = configured(format="console")

    structlog.get_logger("tollbridge").info("token_revoked", by="me")

    assert output.text.split() == ["2026-11-01T12:00:00.250Z", "[info", "]", "token_revoked", "[tollbridge]", "by=me"]


def test_a_real_terminal_is_known_for_one() -> None:
    leader, follower = pty.openpty()
    with open(follower, "w", encoding="utf-8") as stream:
        configure(stream=stream)
        structlog.get_logger("tollbridge").info("token_revoked")

        assert b"\x1b[" in os.read(leader, 1000)
    os.close(leader)


def test_standard_output_is_where_it_goes_if_nothing_is_said(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    configure()

    structlog.get_logger("tollbridge").info("token_revoked")

    assert json.loads(capfdbinary.readouterr().out)["event"] == "token_revoked"


INJECTIONS = [
    'a\n{"level":"error","event":"forged"}',
    "a\r\nforged",
    "a\x00b",
    "\x1b[2K\x1b[1Aforged",
    "a\u2028b\u2029c\x85d\x0be\x0cf",
    "\u202etxt.exe",
    '","level":"error","x":"',
    "\udcff",
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("format", ["json", "console"])
def test_one_event_is_one_line_whatever_is_in_it(text: str, format: str) -> None:
    output = configured(format=format)

    structlog.get_logger("tollbridge").info(text, value=text, nested=[{text: text}], **{text: text})
    logging.getLogger("x").info("%s", text)
    logging.getLogger(text).info("event")
    try:
        raise ValueError(text)
    except ValueError:
        structlog.get_logger("tollbridge").exception("phase_failed")

    assert len(output.lines) == 4
    assert output.text.count("\n") == 4
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]", output.text)
    if format == "json":
        assert [event["level"] for event in output.events] == ["info", "info", "info", "error"]


def raise_from(depth: int) -> None:
    password = "correct horse battery staple"
    if depth:
        raise_from(depth - 1)
    raise KeyError(f"no row{password[:0]}")


def test_exception_is_told_on_one_line_without_locals_or_source() -> None:
    output = configured()

    try:
        try:
            raise_from(1)
        except KeyError as exc:
            raise RuntimeError("settling failed") from exc
    except RuntimeError:
        structlog.get_logger("tollbridge").exception("finish_failed", call_id="req_1")

    (event,) = output.events
    assert event["exception"] == "RuntimeError: settling failed <- KeyError: 'no row'"
    outer, inner = event["traceback"].split(" <- ")
    assert re.fullmatch(r"[\w.]+:\d+ test_exception_is_told_on_one_line_without_locals_or_source", outer)
    assert re.fullmatch(r"[\w.]+:\d+ raise_from, [\w.]+:\d+ raise_from, [\w.]+:\d+ test_\w+", inner)
    assert "correct horse" not in output.text


def test_exception_is_taken_in_any_form() -> None:
    output = configured()
    log = structlog.get_logger("tollbridge")

    log.error("failed", exc_info=ValueError("given"))
    log.error("failed", exc_info=(ValueError, ValueError("as three"), None))
    log.error("failed", exc_info=True)
    log.error("failed", exc_info=False)
    logging.getLogger("x").error("failed", exc_info=ValueError("from the library"))

    assert [event.get("exception") for event in output.events] == [
        "ValueError: given",
        "ValueError: as three",
        None,
        None,
        "ValueError: from the library",
    ]


def test_members_of_a_group_are_told() -> None:
    output = configured()
    group = ExceptionGroup("two", [ValueError("one"), KeyError("other")])

    structlog.get_logger("tollbridge").error("failed", exc_info=group)

    assert output.events[0]["exception"] == (
        "ExceptionGroup: two (2 sub-exceptions) <- ValueError: one <- KeyError: 'other'"
    )


def test_context_that_was_suppressed_is_not_told_and_a_loop_of_causes_ends() -> None:
    output = configured()
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    hidden = ValueError("hidden")
    hidden.__context__, hidden.__suppress_context__ = one, True

    structlog.get_logger("tollbridge").error("failed", exc_info=one)
    structlog.get_logger("tollbridge").error("failed", exc_info=hidden)

    assert [event["exception"] for event in output.events] == [
        "ValueError: one <- ValueError: other",
        "ValueError: hidden",
    ]


def test_deep_recursion_is_told_in_short() -> None:
    output = configured()

    try:
        raise_from(100)
    except KeyError:
        structlog.get_logger("tollbridge").exception("failed")

    # 101 frames of raise_from and this one; 30 are shown
    assert output.events[0]["traceback"].endswith(", and 72 more")
    assert output.events[0]["traceback"].count("raise_from") == 30


def test_exception_stands_within_the_line_on_a_terminal_too() -> None:
    output = configured(format="console")

    structlog.get_logger("tollbridge").error("failed", exc_info=ValueError("given"), stack="s")

    assert len(output.lines) == 1
    assert "raised='ValueError: given'" in output.text


def test_broken_record_is_told_of_without_its_arguments(capfd: pytest.CaptureFixture[str]) -> None:
    output = configured()

    logging.getLogger("x").warning("%d calls", TOKEN)

    (event,) = output.events
    assert event["event"] == "log_record_failed"
    assert event["logger"] == "x"
    assert event["level"] == "error"
    assert event["where"].startswith(f"{__name__.rpartition('.')[2]}.py:")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("failure", [BrokenPipeError(), OSError(28, "No space left on device"), ValueError("closed")])
def test_stream_that_is_gone_stops_nothing(failure: Exception) -> None:
    class Gone(io.BytesIO):
        def write(self, data: object) -> int:
            raise failure

    configure(stream=io.TextIOWrapper(Gone()))

    structlog.get_logger("tollbridge").info("token_revoked")
    logging.getLogger("x").info("event")


def test_warnings_are_logged() -> None:
    output = configured()

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"old option {TOKEN}", DeprecationWarning, stacklevel=1)

    (event,) = output.events
    assert event["logger"] == "py.warnings"
    assert f"old option {REDACTED}" in event["event"]


def test_handlers_of_others_are_replaced_and_not_doubled() -> None:
    elsewhere = io.StringIO()
    for name in ("", "uvicorn", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).addHandler(logging.StreamHandler(elsewhere))
    logging.getLogger("uvicorn.access").propagate = False
    output = configured()
    output = configured()

    logging.getLogger("uvicorn.access").info("event")

    assert len(output.lines) == 1
    assert elsewhere.getvalue() == ""


@pytest.mark.parametrize(
    "name",
    ["authlib.oauth2.rfc6749.grants.refresh_token", "httpcore2.http11", "uvicorn.error", "aiosqlite"],
)
def test_what_prints_secrets_at_debug_is_held_at_info_even_if_it_sets_its_own_level(name: str) -> None:
    output = configured(level="debug")
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.DEBUG)

    logger.debug("Issue token %r", {"opaque": "v3ry-s3cr3t"})

    logger.setLevel(before)
    assert output.text == ""
    assert not logging.getLogger("authlib").isEnabledFor(logging.DEBUG)


def test_client_library_is_heard_at_debug_only() -> None:
    output = configured(level="info")
    logging.getLogger("httpx2").info("HTTP Request: GET https://host/")
    assert output.text == ""

    output = configured(level="debug")
    logging.getLogger("httpx2").info("HTTP Request: GET https://host/")
    assert len(output.lines) == 1


def test_hidden_secret_is_in_no_record() -> None:
    output = configured()
    logs.hide("plain-looking-password")

    structlog.get_logger("tollbridge").info("failed", detail="it was plain-looking-password")
    logging.getLogger("x").info("it was %s", "plain-looking-password")

    assert "plain-looking" not in output.text
    assert output.text.count(REDACTED) == 2


def test_redaction_can_be_had_in_logging_of_ones_own() -> None:
    assert logs.redact(None, "info", {"event": "failed", "key": TOKEN}) == {"event": "failed", "key": REDACTED}


secrets = st.builds(make_secret) | st.text("abcdefghijklmnopqrstuvwxyz0123456789 +/'\"\\\n", min_size=12).filter(
    lambda text: len(set(text)) > 3
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    secret=secrets,
    nest=st.recursive(
        st.just("%"),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("a%"), inner, max_size=2),
        max_leaves=5,
    ),
    format=st.sampled_from(["json", "console"]),
)
def test_no_secret_is_in_any_rendered_record(secret: str, nest: object, format: str) -> None:
    def filled(value: object) -> object:
        if isinstance(value, str):
            return value.replace("%", f"<{secret}>")
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        assert isinstance(value, dict)
        return {filled(key): filled(inner) for key, inner in value.items()}

    logs.hide(secret)
    output = configured(format=format)
    structlog.get_logger("tollbridge").info(f"event {secret}", value=filled(nest), raw=secret.encode())
    logging.getLogger("x").info("%s %r", filled(nest), filled(nest))
    try:
        raise ValueError(filled(nest))
    except ValueError:
        structlog.get_logger("tollbridge").exception("failed")

    assert len(output.lines) == 3
    assert secret not in output.text
    assert json.dumps(secret)[1:-1] not in output.text


async def test_nothing_secret_is_logged_by_an_oauth_client_at_debug() -> None:
    output = configured(level="debug")
    issued, client_secret = "opaque-access-0123456789", "v3ry-s3cr3t-value"
    logs.hide(client_secret)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/token":
            body = {"access_token": issued, "refresh_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
            return httpx2.Response(200, json=body)
        return httpx2.Response(401, headers={"set-cookie": f"session={issued}"})

    transport = httpx2.MockTransport(answer)
    async with AsyncOAuth2Client("client", client_secret, transport=transport) as client:
        await client.fetch_token("https://id.example/token", grant_type="client_credentials")
        await client.get(f"https://api.example/v1?key={issued}")

    assert "HTTP Request: GET https://api.example/v1" in output.text
    for secret in (issued, client_secret, TOKEN):
        assert secret not in output.text


def server(app: Callable[..., Any]) -> uvicorn.Server:
    """Make a server as `tollbridge serve` does: uvicorn sets up no logging of its own."""
    config = uvicorn.Config(app, port=0, log_config=None, log_level=None, access_log=False, lifespan="off")
    return uvicorn.Server(config)


async def test_nothing_secret_is_logged_by_server_and_client_at_debug() -> None:
    output = configured(level="debug")
    told: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        told.append(dict(scope["headers"])[b"authorization"].decode())
        raise RuntimeError(f"failed with {told[-1]}")

    running = server(app)
    running.config.load()
    running.lifespan = running.config.lifespan_class(running.config)
    await running.startup()
    port = running.servers[0].sockets[0].getsockname()[1]

    async with httpx2.AsyncClient() as client:
        response = await client.get(
            f"http://127.0.0.1:{port}/x?key={TOKEN}", headers={"authorization": f"Bearer {TOKEN}", "x-api-key": TOKEN}
        )
    await running.shutdown()

    assert response.status_code == 500
    assert told == [f"Bearer {TOKEN}"]
    assert f"RuntimeError: failed with Bearer {REDACTED}" in [event.get("exception") for event in output.events]
    assert {"uvicorn.error", "httpx2"} <= {event["logger"] for event in output.events}
    assert TOKEN not in output.text


def test_importing_the_module_configures_nothing() -> None:
    assert not structlog.is_configured()
    assert "tollbridge.logs" in sys.modules


def test_every_way_to_log_has_its_level() -> None:
    output = configured()
    log = structlog.get_logger("tollbridge")

    for method in ("debug", "info", "warn", "warning", "error", "critical", "fatal", "exception"):
        getattr(log, method)("event")
    log.log(logging.INFO, "event")

    levels = [event["level"] for event in output.events]
    assert levels == ["debug", "info", "warning", "warning", "error", "critical", "critical", "error", "info"]


@pytest.mark.untraced
@of(sources())
def test_every_logger_has_a_name(source) -> None:
    calls = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and not node.args]

    assert [call.lineno for call in calls if getattr(call.func, "attr", "") == "get_logger"] == []


def test_pieces_of_answers_are_not_printed_by_the_library_that_streams_them() -> None:
    output = configured(level="debug")

    logging.getLogger("sse_starlette.sse").debug("chunk: %s", b"what a tool gave")

    assert output.events == []
