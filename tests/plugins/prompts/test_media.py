import time

import pytest

from tollbridge_prompts.media import chosen

KINDS = ("text/markdown", "application/json", "text/event-stream")


@pytest.mark.parametrize(
    ("accept", "kind", "named"),
    [
        ("", "text/markdown", False),
        ("  ", "text/markdown", False),
        ("*/*", "text/markdown", False),
        ("application/json", "application/json", True),
        ("APPLICATION/JSON;charset=utf-8", "application/json", True),
        ("text/*", "text/markdown", False),
        ("text/*, text/event-stream", "text/markdown", False),
        ("text/*;q=0.5, text/event-stream", "text/event-stream", True),
        ("*/*;q=0.1, application/*", "application/json", False),
        ("*/*, text/markdown;q=0", "application/json", False),
        ("text/markdown;q=0.5, application/json;q=0.4", "text/markdown", True),
        ("text/markdown; Q=0.3 , application/json; q = 0.4", "application/json", True),
        ("text/html, application/json;q=0.001", "application/json", True),
        ("application/json, */*;q=0.5", "application/json", True),
        ("text/html", "", False),
        ("application/json;q=0", "", False),
        ("application/json;q=2, text/html", "", False),
        ("application/json;q=high", "", False),
        ("nonsense", "", False),
        (", ,", "", False),
        ("*/json", "", False),
    ],
)
def test_type_that_is_liked_best_is_chosen(accept: str, kind: str, named: bool) -> None:
    assert chosen(accept, KINDS) == (kind, named)


def test_long_header_is_looked_at_in_part() -> None:
    begun = time.thread_time()

    assert chosen(",".join(["a/b"] * 50 + ["application/json"]), KINDS) == ("", False)
    assert chosen("a" * 1_000_000, KINDS) == ("", False)

    assert time.thread_time() - begun < 1
