"""What a log says of an exception."""

import structlog

from tollbridge.faults import told


def raised(secret: str) -> Exception:
    try:
        try:
            raise KeyError("model")
        except KeyError as exc:
            raise ValueError("no such model") from exc
    except ValueError as exc:
        return exc


def test_exception_is_told_with_its_cause_and_where_both_came_from() -> None:
    found = told(raised("tb_secret"))

    assert found["exception"] == "ValueError: no such model <- KeyError: 'model'"
    first, _, second = found["traceback"].partition(" <- ")
    assert "raised" in first
    assert "raised" in second


def test_no_variable_is_told_however_the_host_has_set_up_its_log(capsys) -> None:
    structlog.reset_defaults()

    structlog.get_logger().error("phase_failed", **told(raised("tb_secret")))

    shown = capsys.readouterr().out
    assert "no such model" in shown
    assert "tb_secret" not in shown
