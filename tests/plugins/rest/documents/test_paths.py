"""The operation of a request is found, and the closest one."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.documents import Operation, Paths
from tollbridge_rest.documents.paths import weight
from tollbridge_rest.documents.templates import Template, decode_bytes, fit, split_path


def operation(path: str, method: str = "GET") -> Operation:
    return Operation(f"{method} {path}", f"{method} {path}", method, path)


PATHS = Paths(
    [
        *map(
            operation, ("/", "/orders", "/orders/", "/orders/{id}", "/orders/me", "/orders/{id}.json", "/orders/v{n}")
        ),
        operation("/orders/{id}", "DELETE"),
        operation("/orders/{id}/lines/{line}"),
        operation("/{any}/me/lines"),
        operation("/files/{a}-{b}"),
        operation("/files/{a}", "PUT"),
        operation("/café", "GET"),
    ]
)


@pytest.mark.parametrize(
    ("path", "found", "values"),
    [
        ("", "GET /", {}),
        ("/", "GET /", {}),
        ("/orders", "GET /orders", {}),
        ("/orders/", "GET /orders/", {}),
        ("/orders/7", "GET /orders/{id}", {"id": "7"}),
        ("/orders/me", "GET /orders/me", {}),
        ("/orders/m%65", "GET /orders/me", {}),
        ("/orders/7.json", "GET /orders/{id}.json", {"id": "7"}),
        ("/orders/v2", "GET /orders/v{n}", {"n": "2"}),
        ("/orders/v2.json", "GET /orders/{id}.json", {"id": "v2"}),
        ("/orders/a%2Fb", "GET /orders/{id}", {"id": "a%2Fb"}),
        ("/orders/7/lines/1", "GET /orders/{id}/lines/{line}", {"id": "7", "line": "1"}),
        ("/orders/me/lines", "GET /{any}/me/lines", {"any": "orders"}),
        ("/files/1-2", "GET /files/{a}-{b}", {"a": "1", "b": "2"}),
        ("/caf%C3%A9", "GET /café", {}),
    ],
)
def test_the_closest_path_is_found(path: str, found: str, values: dict[str, str]) -> None:
    match = PATHS.find("GET", path)

    assert match is not None
    assert (match.operation.id, match.values) == (found, values)


@pytest.mark.parametrize(
    "path", ["/none", "/orders//", "/orders/7/", "/orders/7/lines", "/orders/..", "/orders/%2e%2e/x", "//"]
)
def test_a_path_that_is_not_there_is_none(path: str) -> None:
    assert PATHS.find("GET", path) is None
    assert PATHS.methods(path) == ()


def test_a_method_that_is_not_there_is_told_from_a_path_that_is_not() -> None:
    assert PATHS.find("PATCH", "/orders/7") is None
    assert PATHS.methods("/orders/7") == ("DELETE", "GET", "HEAD")
    assert PATHS.methods("/files/1") == ("PUT",)


def test_a_further_path_that_has_the_method_is_taken() -> None:
    match = PATHS.find("DELETE", "/orders/me")

    assert match is not None
    assert match.operation.id == "DELETE /orders/{id}"
    assert PATHS.methods("/orders/me") == ("DELETE", "GET", "HEAD")
    assert PATHS.find("delete", "/orders/me") is None


def test_head_is_answered_by_get_unless_there_is_one() -> None:
    paths = Paths([operation("/a"), operation("/b"), operation("/b", "HEAD")])
    first, second = paths.find("HEAD", "/a"), paths.find("HEAD", "/b")

    assert first is not None
    assert second is not None
    assert (first.operation.id, second.operation.id) == ("GET /a", "HEAD /b")


def test_a_decoded_path_is_not_decoded_again() -> None:
    match = PATHS.find("GET", "/orders/a%2Fb", encoded=False)

    assert match is not None
    assert match.values == {"id": "a%252Fb"}
    assert PATHS.find("GET", "/café", encoded=False) is not None
    assert PATHS.find("GET", "/café") is None


def naive(templates: Sequence[str], path: str) -> str | None:
    """Look at each template, and take the one that is closest segment by segment."""
    segments = split_path(path)
    fitting = []
    for path_template in templates:
        template = Template(path_template)
        if segments is None or len(segments) != len(template.segments):
            continue
        pairs = list(zip(template.segments, segments, strict=True))
        if all(
            fit(each, raw) is not None if each.names else each.literals[0] == decode_bytes(raw) for each, raw in pairs
        ):
            key = [(2, 0, 0, ()) if each.plain else weight(each) for each in template.segments]
            fitting.append((key, path_template))
    return min(fitting)[1] if fitting else None


_segments = st.sampled_from(["a", "b", "{x}", "{x}a", "a{x}", "{x}-{y}", "", "%61"])
_path = st.lists(st.sampled_from(["a", "b", "aa", "ba", "a-a", "", "%61", "-", "..", "a%2Fb"]), min_size=1, max_size=4)


@given(st.lists(st.lists(_segments, min_size=1, max_size=4), min_size=1, max_size=8), _path)
def test_the_tree_finds_what_looking_at_each_template_finds(templates: list[list[str]], parts: list[str]) -> None:
    shapes = {}
    for segments in templates:
        named = "/" + "/".join(part.replace("x", f"x{at}").replace("y", f"y{at}") for at, part in enumerate(segments))
        shapes.setdefault(Template(named).shape, named)
    kept = list(shapes.values())
    path = "/" + "/".join(parts)

    match = Paths(map(operation, kept)).find("GET", path)

    assert (match.operation.path if match else None) == naive(kept, path)


def test_looking_up_does_not_take_longer_for_more_operations() -> None:
    def taken(count: int) -> float:
        paths = Paths(operation(f"/a{n}/{{id}}/b{n}") for n in range(count))
        best = []
        for _ in range(5):
            before = time.process_time()
            for _ in range(500):
                assert paths.find("GET", f"/a{count - 1}/7/b{count - 1}")
            best.append(time.process_time() - before)
        return min(best)

    assert taken(10_000) < 5 * taken(100)  # a look at each would take 100 times
