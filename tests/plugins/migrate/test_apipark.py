"""APIPark's export, in the shapes of its own code."""

import io
import json
import zipfile
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbridge_migrate import archive
from tollbridge_migrate.apipark import FILES, Export
from tollbridge_migrate.gathering import Gathering
from tollbridge_migrate.reading import BadForeign
from tollbridge_migrate.reporting import Report
from tollbridge_prompts.checking import check as check_prompt
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_rest.definition import Definition
from tollbridge_rest.kind import RestKind

TEAM = {"id": "t1", "name": "Blue Team", "description": "They ask."}
SERVICE = {
    **{"id": "s1", "name": "Weather", "prefix": "/weather", "description": "Tells the weather.", "team": "t1"},
    **{"service_type": "public", "catalogue": "c2", "tags": ["Sky", "sky"], "logo": "", "doc": "", "model_mapping": ""},
}
UPSTREAM = {
    **{"id": "u1", "name": "u", "service": "s1", "driver": "static", "balance": "ip-hash", "timeout": 10_000},
    **{"retry": 2, "remark": "", "limit_peer_second": 0, "scheme": "HTTPS", "pass_host": "rewrite"},
    "upstream_host": "api.weather.example",
    "nodes": [{"address": "api.weather.example:443", "weight": 100}, {"address": "b.weather.example", "weight": 1}],
    "proxy_headers": [
        {"key": "X-Api-Key", "value": "upstream-secret-value", "opt_type": "ADD"},
        {"key": "Accept", "value": "text/plain", "opt_type": "ADD"},
    ],
    "discover": None,
}
ROUTE = {
    **{
        "id": "r1",
        "name": "",
        "description": "Now",
        "method": None,
        "path": "/weather/*",
        "match": [],
        "service": "s1",
    },
    **{"team": "t1", "doc": None},
    "proxy": {"path": "/weather/", "timeout": 30_000, "retry": 0, "headers": [], "extends": None, "plugins": None},
}
PROMPT = {
    **ROUTE,
    **{"id": "r2", "name": "Translate", "path": "/weather/translate"},
    "proxy": {
        "path": "/weather/translate",
        "timeout": 300_000,
        "plugins": {
            "ai_prompt": {
                "disable": False,
                "config": {
                    "prompt": "Translate {{source}} to {{target}}.",
                    "variables": [
                        {"key": "source", "description": "from", "require": True},
                        {"key": "target", "description": "", "require": False},
                    ],
                },
            },
            "ai_formatter": {
                "config": {
                    "model": "gpt-4o",
                    "provider": "openai",
                    "config": '{"temperature": 0.5, "max_tokens": 100, "response_format": "text"}',
                }
            },
        },
    },
}
WHOLE: dict[str, Any] = {
    "team": [TEAM],
    "service": [SERVICE],
    "app": [{"id": "a1", "name": "Shop", "description": "", "team": "t1"}],
    "api": [ROUTE],
    "upstream": [UPSTREAM],
    "authorization": [
        {
            "application": "a1",
            "id": "k1",
            "name": "Key",
            "driver": "apikey",
            "position": "Header",
            "token_name": "Authorization",
            "config": {"apikey": "callers-key-in-clear"},
            "expire_time": 0,
            "hide_credential": False,
        }
    ],
    "catalogue": [
        {"id": "c1", "name": "Earth", "parent": "", "sort": 0},
        {"id": "c2", "name": "Air", "parent": "c1", "sort": 1},
    ],
    "subscribe": [{"id": "x", "service": "s1", "subscriber": "a1", "team": "", "applier": "admin", "from": 0}],
    "apply": [{"service": "s1", "application": "a1", "reason": "please"}],
}


@pytest.fixture
def read(migrate, tmp_path):
    """Give a function that migrates an export."""

    def read(*arguments: str, fails: bool = False, **changed: Any):
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, rows in {**WHOLE, **changed}.items():
                file.writestr(f"{name}.json", json.dumps(rows))
        return migrate("apipark", path, *arguments, fails=fails)

    return read


def test_teams_applications_and_subscriptions_are_documents(read) -> None:
    documents = read().documents

    assert documents["Team", "blue-team"] == {"title": "Blue Team", "description": "They ask."}
    assert documents["Application", "shop"] == {"team": "blue-team", "description": ""}
    assert documents["Subscription", "shop-weather"] == {
        "application": "shop",
        "team": "blue-team",
        "service": "weather",
    }


def test_a_service_is_described_as_it_was(read) -> None:
    spec = read().documents["Service", "weather"]

    assert {**spec, "design": {**spec["design"], "definition": {}}} == {
        **{"type": "rest", "team": "blue-team", "version": "1", "publish": False},
        "design": {
            **{"name": "Weather", "description": "Tells the weather.", "category": "earth/air", "tags": ["sky"]},
            **{"visibility": "public", "definition": {}},
        },
    }


def test_a_rest_service_leads_where_it_led(read) -> None:
    definition = read().documents["Service", "weather"]["design"]["definition"]

    assert definition == {
        "upstreams": {
            "main": {
                "nodes": [
                    {"url": "https://api.weather.example:443", "weight": 100},
                    {"url": "https://b.weather.example", "weight": 1},
                ],
                **{"balance": "hash", "total_timeout_s": 10.0, "retries": 2, "host": "api.weather.example"},
                "headers": {"X-Api-Key": "stored:blue-team.weather-x-api-key", "Accept": "text/plain"},
            }
        },
        "routes": [
            {
                **{"name": "weather", "upstream": "main", "path": "/{rest*}", "rewrite": "/weather/{rest*}"},
                **{"summary": "Now", "timeout_s": 30.0},
            }
        ],
    }
    kind = RestKind()
    assert not [one for one in kind.check(msgspec.convert(definition, Definition)) if not one.warning]


def test_what_the_export_lacks_is_said(read) -> None:
    report = read().report

    assert "it takes every method, for the export names none" in report
    assert "without its members" in report
    assert "providers of models" in report


def test_a_prompt_is_a_prompt_api(read) -> None:
    done = read(api=[PROMPT], upstream=[])
    spec = done.documents["Service", "weather"]

    assert spec["type"] == "prompt"
    definition = spec["design"]["definition"]
    assert definition == {
        **{"model": "openai/gpt-4o", "user": "{{message}}", "chat": True},
        **{"system": "Translate {{source}} to {{target}}.", "parameters": {"temperature": 0.5, "max_output": 100}},
        "variables": {
            "source": {"type": "string", "description": "from", "required": True},
            "target": {"type": "string", "required": False, "default": ""},
            "message": {"type": "string", "description": "What the user says."},
        },
    }
    assert not [one for one in check_prompt(msgspec.convert(definition, PromptDefinition)) if not one.warning]
    assert "without response\\_format" in done.report


def test_a_plugin_that_was_disabled_is_none(read) -> None:
    plugins = {name: {**one, "disable": True} for name, one in PROMPT["proxy"]["plugins"].items()}

    spec = read(api=[{**PROMPT, "proxy": {**PROMPT["proxy"], "plugins": plugins}}]).documents["Service", "weather"]

    assert spec["type"] == "rest"


@pytest.mark.parametrize(
    "changed",
    [
        {"upstream": []},
        {"upstream": [{**UPSTREAM, "nodes": []}]},
        {"upstream": [{**UPSTREAM, "nodes": [{"address": "no address", "weight": 1}]}]},
        {"api": []},
        {"service": [{**SERVICE, "name": ""}]},
    ],
)
def test_a_service_that_could_not_be_published_has_no_version(read, changed) -> None:
    done = read(**changed)

    assert "version" not in done.documents["Service", "weather"]
    assert "as a draft without a version, for it cannot be published yet: " in done.report


def test_a_subscription_is_a_request_for_the_export_does_not_say_more(read) -> None:
    done = read()

    assert "subscription shop to weather: as a request" in done.report.partition("## Carried over in part")[2]
    assert "approved" not in done.documents["Subscription", "shop-weather"]


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"logo": "data:image/svg+xml;base64,PHN2Zy8+"}, "without its logo"),
        ({"logo": "data:image/png;base64,bm8gUE5H"}, "without its logo"),
        ({"logo": "data:image/png;base64,***"}, "without its logo"),
        ({"description": "d" * 1_001}, "its description is cut to 1,000 characters"),
        ({"tags": [f"t{number}" for number in range(21)]}, "with the first 20 of its tags"),
        ({"model_mapping": "{}"}, "without its mapping of models"),
    ],
)
def test_what_does_not_fit_of_a_service_is_named(read, service, said) -> None:
    assert said in read(service=[{**SERVICE, **service}]).report


def test_prompts_and_routes_of_one_service_are_services_of_their_own(read) -> None:
    services = [
        name for kind, name in read(api=[ROUTE, PROMPT, {**PROMPT, "name": "Ask"}]).documents if kind == "Service"
    ]

    assert sorted(services) == ["weather", "weather-ask", "weather-rest"]


def test_credentials_are_in_no_file_unless_that_is_asked_for(read) -> None:
    done = read()

    assert "upstream-secret-value" not in done.everything
    assert "callers-key-in-clear" not in done.everything
    assert "credential apikey Key" in done.report
    assert "`blue-team.weather-x-api-key`" in done.report


def test_credentials_of_upstreams_are_in_one_file_where_that_is_asked_for(read) -> None:
    done = read("--with-secrets")

    assert "printf %s upstream-secret-value | tollbridge secret set blue-team.weather-x-api-key" in done.text(
        "secrets.env"
    )
    assert "callers-key-in-clear" not in done.everything


@pytest.mark.parametrize(
    ("path", "proxied", "made"),
    [
        ("/weather/now", "/v2/now", {"path": "/now", "rewrite": "/v2/now"}),
        ("/weather/now", "/now", {"path": "/now"}),
        ("/weather", "/", {"path": "/"}),
        ("/weather/of/{city}", "/c/{city}", {"path": "/of/{city}", "rewrite": "/c/{city}"}),
        ("/weather/of/:city", "/c/:city", {"path": "/of/{city}", "rewrite": "/c/{city}"}),
        ("/elsewhere/*", "/", {"path": "/elsewhere/{rest*}", "rewrite": "/{rest*}"}),
        ("/weather/x/*", "/y/*", {"path": "/x/{rest*}", "rewrite": "/y/{rest*}"}),
    ],
)
def test_paths_are_those_below_the_service(read, path, proxied, made) -> None:
    route = {**ROUTE, "path": path, "proxy": {"path": proxied}}

    (found,) = read(api=[route]).documents["Service", "weather"]["design"]["definition"]["routes"]

    assert {key: found[key] for key in ("path", "rewrite") if key in found} == made


@pytest.mark.parametrize(
    "route",
    [
        {"path": "/weather/no*"},
        {"path": "/weather/*/now"},
        {"path": "/weather/../../etc"},
        {"path": "weather"},
        {"path": "/weather/{a", "proxy": {"path": "/x"}},
        {"path": "/weather/{a}", "proxy": {"path": "/{b}"}},
        {"match": [{"position": "cookie", "match_type": "EQUAL", "key": "a", "pattern": "b"}]},
        {"match": [{"position": "header", "match_type": "SUFFIX", "key": "a", "pattern": "b"}]},
        {"match": [{"position": "header", "match_type": "EQUAL", "key": "", "pattern": "b"}]},
        {"match": [{"position": "header", "match_type": "EQUAL", "key": "a"}] * 21},
    ],
)
def test_a_route_that_cannot_be_held_as_tight_is_left(read, route) -> None:
    done = read(api=[{**ROUTE, **route}])

    assert done.documents["Service", "weather"]["design"]["definition"]["routes"] == []
    assert "- route Weather: " in done.report.partition("## Not carried over")[2]


def test_conditions_and_changes_of_headers_come_along(read) -> None:
    match = [{"position": "header", "match_type": "EQUAL", "key": "x-plan", "pattern": "paid"}]
    headers = [{"key": "X-Tenant", "value": "acme", "opt": "ADD"}, {"key": "Cookie", "value": "", "opt": "DELETE"},
               {"key": "Authorization", "value": "Bearer route-secret", "opt": "ADD"}]  # fmt: skip

    done = read(api=[{**ROUTE, "match": match, "proxy": {"path": "/", "headers": headers}}])
    (route,) = done.documents["Service", "weather"]["design"]["definition"]["routes"]

    assert route["match"] == [{"in": "header", "name": "x-plan", "is": "equals", "value": "paid"}]
    assert route["request"] == {"headers": {"set": {"X-Tenant": "acme"}, "remove": ["Cookie"]}}
    assert "route-secret" not in done.everything


def test_private_and_plain_upstreams_are_marked(read) -> None:
    private = {**UPSTREAM, "scheme": "HTTP", "nodes": [{"address": "10.0.0.1:80", "weight": 1}]}
    plain = {**UPSTREAM, "scheme": "HTTP", "nodes": [{"address": "w.example", "weight": 1}]}

    def upstream(one):
        return read(upstream=[one]).documents["Service", "weather"]["design"]["definition"]["upstreams"]["main"]

    assert upstream(private)["allow_private"] is True
    with pytest.raises(Exception, match="not empty"):
        upstream(plain)


def packed(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
    return content.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked(migrate, tmp_path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(packed(**{"team.json": b"[" + b" " * 40_000_000 + b"]", "service.json": b"[]"}))

    done = migrate("apipark", path, fails=True)

    assert f"its files have over {archive.MOST_UNPACKED:,} bytes" in str(done.failed)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04" + b"\0" * 100,
        packed(**{"team.json": b"[]"}),
        packed(**{"../team.json": b"[]", "../service.json": b"[]"}),
        packed(**{"team.json": b"[", "service.json": b"[]"}),
        packed(**{"team.json": b"\xff", "service.json": b"[]"}),
        packed(**{f"{number}.json": b"[]" for number in range(1_001)}),
    ],
)
def test_what_is_no_export_is_refused(migrate, tmp_path, content) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(content)

    assert isinstance(migrate("apipark", path, fails=True).failed, BadForeign)


def test_nothing_of_an_archive_is_written(migrate, tmp_path) -> None:
    path = tmp_path / "export.zip"
    evil = {"team.json": b"[]", "service.json": b"[]", "../../evil.json": b"x", "/tmp/evil.json": b"x"}
    path.write_bytes(packed(**evil))

    done = migrate("apipark", path)

    assert not list(tmp_path.parent.rglob("evil.json"))
    assert {each.name for each in done.folder.iterdir()} == {"report.md"}


ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(
            ["id", "name", "team", "service", "prefix", "path", "proxy", "nodes", "address", "plugins", "parent", "key"]
        ),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=6) | st.sampled_from(["t1", "/weather/*", "/a/{b}"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["ai_prompt", "config", "path", "variables", "address", "key"]), inner
                )
            ),
            max_leaves=6,
        ),
    ),
    max_size=4,
)


@settings(max_examples=200)
@given(st.fixed_dictionaries({name: ROWS for name in sorted(FILES)}), st.booleans())
def test_no_export_breaks_the_reader(found, filled) -> None:
    gathering = Gathering(Report("APIPark"))
    if filled:
        found = {name: [{**WHOLE[name][0], **row} for row in rows] for name, rows in found.items()}

    Export({**found, "team": [TEAM, *found["team"]]}, gathering).read()

    for (kind, name), spec in gathering.documents.items():
        assert len(name) <= 63
        if kind == "Service":
            shape = {"rest": Definition, "prompt": PromptDefinition}[spec["type"]]
            if not any(not one["nodes"] for one in spec["design"]["definition"].get("upstreams", {}).values()):
                msgspec.convert(spec["design"]["definition"], shape)
