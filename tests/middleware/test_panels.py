"""What a plugin shows on the dashboard's Home."""

from decimal import Decimal
from typing import Any

import pytest

from tollbridge.panels import Panel


def test_panel_holds_texts_and_numbers() -> None:
    panel = Panel("Queue", ("name", "n", "share", "usd", "end"), (("a", 1, 0.5, Decimal("0.1"), None),), "now")

    assert panel.rows[0][1] == 1
    assert Panel("Empty").rows == ()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"columns": ("a", "b"), "rows": (("x",),)}, ValueError, "a row of 1 cells does not fit 2 columns"),
        ({"rows": (("x",),)}, ValueError, "a row of 1 cells does not fit 0 columns"),
        ({"columns": ("a",), "rows": ((b"x",),)}, TypeError, "is text, a number or None, not bytes"),
        ({"columns": (1,)}, TypeError, "title, note and columns of a panel are text"),
        ({"note": None}, TypeError, "title, note and columns of a panel are text"),
    ],
)
def test_panel_that_could_not_be_written_is_refused(options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Panel("Queue", **options)
