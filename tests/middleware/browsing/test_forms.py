import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tollbridge.browsing.forms import field_of, read_form, read_query

FORM = "application/x-www-form-urlencoded"


async def read(*chunks, kind=FORM, **bounds):
    left = list(chunks)

    async def receive():
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    headers = [(b"content-type", kind.encode())] if kind else []
    return await read_form(Request({"type": "http", "method": "POST", "headers": headers}, receive), **bounds)


async def test_form_is_read_in_whatever_pieces_it_comes():
    assert await read(b"a=1&b=%C3", b"%A9+x&a=2&empty=") == {"a": ["1", "2"], "b": ["é x"], "empty": [""]}
    assert await read(b"a=1", kind=f"{FORM}; charset=utf-8") == {"a": ["1"]}
    assert await read(b"") == {}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (415, b"a=1", ""),
        (415, b"a=1", "multipart/form-data; boundary=x"),
        (415, b"{}", "application/json"),
        (413, b"a=" + b"x" * 65_536, FORM),
        (400, b"a=%FF", FORM),
        (400, "a=é".encode(), FORM),
        (400, b"&".join(b"a=1" for _ in range(201)), FORM),
    ],
)
async def test_what_is_no_form_is_refused(status, body, kind):
    with pytest.raises(HTTPException) as refused:
        await read(body, kind=kind)

    assert refused.value.status_code == status


async def test_page_with_a_larger_form_says_how_large_it_may_be():
    long = b"a=" + b"x" * 65_536

    assert await read(long, largest=70_000) == {"a": ["x" * 65_536]}
    assert await read(b"&".join(b"a=1" for _ in range(201)), most_fields=201) == {"a": ["1"] * 201}
    with pytest.raises(HTTPException) as refused:
        await read(long, largest=65_537)
    assert refused.value.status_code == 413


def test_query_fills_in_all_fields_but_one_that_no_address_may():
    asked = Request({"type": "http", "query_string": b"name=x%20y&team=a&team=b&empty=&password=secret"})

    assert read_query(asked, without="password") == {"name": ["x y"], "team": ["a", "b"], "empty": [""]}
    assert read_query(asked)["password"] == ["secret"]


def test_field_is_its_first_value_as_typed_and_empty_where_it_was_not_sent():
    assert [field_of({"a": [" x ", "y"], "b": [""]}, name) for name in "abc"] == [" x ", "", ""]
