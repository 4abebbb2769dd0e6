"""How commands show what others wrote."""

import pytest

from tollbridge.cli.output import print_fields, print_table


def test_words_of_others_are_shown_without_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("T", ("name",), [["caf\u00e9 \x1b[2Jgone\nnext\u202e"]], empty="")
    print_fields({"name": "caf\u00e9 \x1b[2Jgone\r", "none": None})

    shown = capsys.readouterr().out
    assert "caf\u00e9 \ufffd[2Jgone\ufffdnext\ufffd" in shown
    assert "name  caf\u00e9 \ufffd[2Jgone\ufffd\nnone  -\n" in shown
