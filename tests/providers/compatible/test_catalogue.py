"""The reader: a slip in a row stops the start and names the row."""

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tollbridge import PluginError, Quirks
from tollbridge_compatible.catalogue import read_services

LEAST = {
    "base_url": '"https://api.example.com/v1"',
    "env": '["EXAMPLE_API_KEY"]',
    "source": '"https://example.com/docs"',
    "read": "2026-11-24",
}


def write(**changes: str | None) -> str:
    """Write one row as TOML; None leaves a key out."""
    lines = [f"{key} = {value}" for key, value in (LEAST | changes).items() if value is not None]
    return "\n".join(["[example]", *lines])


def test_four_lines_make_a_provider():
    (service,) = read_services(write(), "services.toml")

    provider = service.provider()

    assert provider.name == provider.display_name == provider.price_id == "example"
    assert provider.base_urls == {"openai-chat": "https://api.example.com/v1"}
    assert provider.auth.env == ("EXAMPLE_API_KEY",)
    assert provider.auth.headers("k") == [(b"authorization", b"Bearer k")]
    assert provider.quirks == Quirks()
    assert provider.source == "https://example.com/docs, read 2026-11-24"
    assert not provider.allow_private


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"base_ulr": '"x"'}, "base_ulr is unknown; did you mean 'base_url'?"),
        ({"zzz": '"x"'}, "zzz is unknown"),
        ({"source": None}, "source is missing"),
        ({"source": '""'}, "source must be a string that is not empty"),
        ({"source": "1"}, "source must be a string"),
        ({"read": None}, "read is missing"),
        ({"read": '"2026-11-24"'}, "read must be a date"),
        ({"read": "2026-11-24T00:00:00"}, "read must be a date"),
        ({"base_url": None}, "base_url is missing"),
        ({"base_url": None, "base_urls": "{}"}, "base_url is missing"),
        ({"base_urls": '{ openai-chat = "https://a.example" }'}, "base_url must not stand beside base_urls"),
        ({"base_url": '"http://api.example.com/v1"'}, "base_urls.openai-chat must begin with https://"),
        ({"base_url": '"{EXAMPLE_BASE}.example.com/v1"'}, "must begin with https://"),
        ({"base_url": '"https://api.example.com/v1/"'}, "must not end in a slash"),
        ({"base_url": '"https://"'}, "must not end in a slash"),
        ({"base_url": '"https://api.example.com/v1/chat/completions"'}, "must end where the path of the operation"),
        ({"base_url": '"https://api.example.com/v1?key=1"'}, "must be a lower-case host"),
        ({"base_url": '"https://me@api.example.com/v1"'}, "must be a lower-case host"),
        ({"base_url": '"https://API.example.com/v1"'}, "must be a lower-case host"),
        ({"base_url": '"https://{name}.example.com/v1"'}, "must be a lower-case host"),
        ({"base_url": None, "base_urls": '{ smoke-signals = "https://a.example" }'}, "is no dialect we know"),
        ({"base_url": None, "base_urls": "{ openai-chat = 1 }"}, "base_urls must be a table of strings"),
        ({"local": '"yes"'}, "local must be true or false"),
        ({"free_text": "1"}, "free_text must be true or false"),
        ({"local": "true"}, "is marked local, so its host"),
        ({"env": None}, "env must name the variable that holds the key"),
        ({"env": '"EXAMPLE_API_KEY"'}, "env must be a list of strings"),
        ({"env": "[1]"}, "env must be a list of strings"),
        ({"env": '["example key"]'}, "env must hold names such as EXAMPLE_API_KEY"),
        ({"auth": '{ query = "key" }'}, 'auth must be { header = "<name>" }'),
        ({"auth": "{}"}, "auth must be { header"),
        ({"stream_usage": '"sometimes"'}, "stream_usage must be one of option, always, never"),
        ({"rename": '{ a = "b", b = "c" }'}, "rename leads to 'b', which is itself renamed or dropped"),
        ({"rename": '{ a = "b" }', "drop": '["b"]'}, "rename leads to 'b'"),
        ({"drop_values": '{ a = "b" }'}, "drop_values must be a table of lists of strings"),
        ({"drop_values": "{ a = [1] }"}, "drop_values must be a table of lists of strings"),
        ({"rewritten": '"openai-chat"'}, "rewritten must be a list of strings"),
        ({"rewritten": '["smoke-signals"]'}, "rewritten names no dialect we know: 'smoke-signals'; known: "),
        ({"only_counts": '["smoke-signals"]'}, "only_counts names no dialect we know: 'smoke-signals'; known: "),
        ({"only_counts": '["openai-chat"]'}, "only_counts leaves no dialect to call the host in"),
        ({"drop_values": '["a"]'}, "drop_values must be a table of lists of strings"),
    ],
)
def test_slip_is_refused_and_the_row_is_named(changes: dict[str, str | None], said: str):
    with pytest.raises(PluginError) as caught:
        read_services(write(**changes), "services.toml")

    assert str(caught.value).startswith("services.toml: [example] ")
    assert said in str(caught.value)


def test_values_to_leave_out_are_texts_of_json():
    (service,) = read_services(write(drop_values="""{ shape = ["flöat", 'the "best"'] }"""), "services.toml")

    assert service.quirks == Quirks(drop_values={"shape": ('"flöat"', '"the \\"best\\""')})


def test_dialects_that_are_written_amiss_are_kept() -> None:
    (service,) = read_services(write(rewritten='["openai-embeddings"]'), "services.toml")

    assert service.quirks == Quirks(rewritten=("openai-embeddings",))


def test_dialects_that_only_count_are_kept() -> None:
    (service,) = read_services(write(only_counts='["anthropic-messages"]'), "services.toml")

    assert service.quirks == Quirks(only_counts=("anthropic-messages",))


def test_id_that_is_used_twice_is_refused_and_named():
    with pytest.raises(PluginError, match=r"services\.toml: .*example"):
        read_services(f"{write()}\n{write()}", "services.toml")


@pytest.mark.parametrize("name", ["Example", "two--hyphens", "an_underscore", "-x"])
def test_id_that_is_no_slug_is_refused(name: str):
    with pytest.raises(PluginError, match=rf"\[{name}\] must be lower-case letters and digits"):
        read_services(write().replace("[example]", f"[{name}]"), "services.toml")


def test_value_at_the_top_level_is_refused():
    with pytest.raises(PluginError, match=r"\[version\] must be a table"):
        read_services("version = 1", "services.toml")


def test_host_on_this_machine_needs_no_key():
    row = write(base_url='"http://127.0.0.1:8000/v1"', local="true", env=None)

    (service,) = read_services(row, "services.toml")

    assert service.provider().auth.headers("k") == []
    assert service.provider().allow_private


@given(url=st.text(max_size=40) | st.from_regex(r"https://[a-z.{}A-Z_:@/?#0-9\[\]-]{0,30}", fullmatch=True))
@example(url="https://[::1")
@example(url="{EXAMPLE_BASE}/v1")
@example(url="{EXAMPLE_BASE}")
@example(url="https://a.example:99999999/v1")
def test_any_url_is_taken_whole_or_refused(url: str):
    row = write(base_url=json.dumps(url))

    try:
        (service,) = read_services(row, "services.toml")
    except PluginError:
        return

    assert service.base_urls == {"openai-chat": url}
    assert re.match(r"https://|\{[A-Z][A-Z0-9_]*\}(/|$)", url)
    assert url.isascii()
    assert not set(url[8:]) & set("@?#[]\\ ")
    assert not url.endswith("/")
