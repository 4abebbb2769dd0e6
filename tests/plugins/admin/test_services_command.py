"""`tollbridge service ...`: on this machine and elsewhere, with files in JSON, YAML and TOML."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.support.answering import install_answering
from tests.support.live import LiveGateway, mock_config

from tollbridge.services.model import Design
from tollbridge_admin.commands.designfiles import FIELDS, LARGEST, whole

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]
ROOT = Path(__file__).parents[3]
WEATHER = """\
name: Weather
docs: |
  # Rain
  It falls.
tags: [sky]
slos:
  - {name: fast, objective: 99.5}
definition:
  text: no
  status: 200
"""
BOMB = "a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
"""Ten to the eighth zeros."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a plugin that offers the kind `answering`."""
    return install_answering(tmp_path / "site", monkeypatch)


@pytest.fixture
def weather(tollbridge: Command, config: Path, site: Path) -> Path:
    """Begin the service `weather`; gives its file."""
    file = config.parent / "weather.yaml"
    file.write_text(WEATHER)
    ran = tollbridge("service", "create", "weather", "--kind", "answering", "--file", str(file), "--team", "blue")
    assert ran.code == 0, ran.err
    return file


def fields(ran: Ran) -> Mapping[str, str]:
    assert ran.code == 0, ran.err
    return dict(line.split(maxsplit=1) for line in ran.out.splitlines())


def test_service_is_begun_of_a_file_shown_and_listed(tollbridge: Command, weather: Path) -> None:
    shown = fields(tollbridge("service", "show", "weather"))
    listed = tollbridge("service", "list")
    draft = tollbridge("service", "show", "weather", "--draft").json

    assert (shown["slug"], shown["kind"], shown["team"], shown["state"]) == ("weather", "answering", "blue", "draft")
    assert (shown["live"], shown["revision"], shown["url"]) == ("-", "1", "/v1/apis/weather")
    assert listed.out.splitlines()[2].split() == [
        "weather",
        "answering",
        "draft",
        "blue",
        "Weather",
        "/v1/apis/weather",
    ]
    assert tollbridge("service", "list", "--state", "published").out == "There are no services.\n"
    assert [one["slug"] for one in tollbridge("service", "list", "--team", "blue", "--json").json] == ["weather"]
    assert tollbridge("service", "list", "--kind", "x", "--search", "w", "--json").json == []
    assert draft["docs"] == "# Rain\nIt falls.\n"
    assert draft["definition"] == {"text": "no", "status": 200}
    assert draft["slos"] == [{"name": "fast", "objective": 99.5, "latency_ms": None, "window_days": 30}]
    assert tollbridge("service", "show", "nothing").code == 3
    assert tollbridge("service", "show", "weather", "--draft", "--release", "1").code == 2


def test_file_is_the_whole_of_a_draft(tollbridge: Command, weather: Path) -> None:
    weather.write_text("name: Rain\ndefinition: {text: rain}\n")

    edited = tollbridge("service", "edit", "weather", "--file", str(weather), "--json").json
    draft = tollbridge("service", "show", "weather", "--draft").json
    moved = tollbridge("service", "edit", "weather", "--team", "", "--json").json

    assert (edited["name"], edited["team"], moved["team"]) == ("Rain", "blue", "")
    assert (draft["docs"], draft["tags"], draft["slos"], draft["definition"]) == ("", [], [], {"text": "rain"})
    assert tollbridge("service", "edit", "weather").code == 2


def test_transfer_tells_whom_it_concerns(tollbridge: Command, weather: Path) -> None:
    tollbridge("service", "release", "weather", "--version", "1")
    tollbridge("service", "publish", "weather", "1")

    moved = tollbridge("service", "edit", "weather", "--team", "red")

    assert "Note: tokens of the team blue called it without a subscription" in moved.out


def test_what_is_shown_can_be_edited_again_as_it_is(tollbridge: Command, weather: Path) -> None:
    shown = tollbridge("service", "show", "weather", "--draft").out
    again = weather.with_suffix(".json")
    again.write_text(shown)

    edited = tollbridge("service", "edit", "weather", "--file", str(again), "--json").json

    assert edited["revision"] == 1
    assert tollbridge("service", "show", "weather", "--draft").out == shown


def test_draft_that_somebody_else_changed_is_not_overwritten_where_its_revision_is_named(
    tollbridge: Command, weather: Path
) -> None:
    weather.write_text("name: Weather\ndefinition: {text: sun}\n")
    edit = ("service", "edit", "weather", "--file", str(weather), "--revision")
    edited = tollbridge(*edit, "1", "--json")

    refused = tollbridge(*edit, "1")

    assert edited.json["revision"] == 2
    assert (refused.code, "it is revision 2; look at it" in refused.err) == (1, True)
    assert tollbridge(*edit, "2", "--json").json["revision"] == 2


def test_release_goes_its_way(tollbridge: Command, weather: Path) -> None:
    made = fields(tollbridge("service", "release", "weather", "--version", "1.0", "--note", "first"))
    assert (made["number"], made["version"], made["state"], made["default"]) == ("1", "1.0", "made", "no")
    assert tollbridge("service", "submit", "weather", "1", "--why", "please", "--json").json["asked_why"] == "please"
    assert tollbridge("service", "refuse", "weather", "1", "--why", "no", "--json").json["state"] == "refused"
    assert tollbridge("service", "submit", "weather", "1", "--json").json["state"] == "review"
    assert tollbridge("service", "withdraw", "weather", "1", "--json").json["state"] == "made"
    assert tollbridge("service", "submit", "weather", "1", "--json").json["state"] == "review"
    assert tollbridge("service", "approve", "weather", "1", "--json").json["state"] == "approved"
    scheduled = tollbridge("service", "schedule", "weather", "1", "--at", "8h", "--json").json
    assert scheduled["state"] == "scheduled"
    assert tollbridge("service", "unschedule", "weather", "1", "--json").json["state"] == "approved"
    assert fields(tollbridge("service", "publish", "weather", "1", "--why", "now"))["default"] == "yes"
    tollbridge("service", "release", "weather", "--version", "2.0")
    assert tollbridge("service", "publish", "weather", "2", "--beside", "--json").json["default"] is False
    assert tollbridge("service", "promote", "weather", "2", "--json").json["default"] is True
    assert tollbridge("service", "supersede", "weather", "1", "--json").json["state"] == "superseded"

    listed = tollbridge("service", "releases", "weather")
    assert [line.split()[:3] for line in listed.out.splitlines()[2:]] == [
        ["2", "2.0", "live*"],
        ["1", "1.0", "superseded"],
    ]
    assert [one["number"] for one in tollbridge("service", "releases", "weather", "--limit", "1", "--json").json] == [2]
    assert tollbridge("service", "show", "weather", "--release", "1").json["name"] == "Weather"
    assert tollbridge("service", "publish", "weather", "3").code == 3
    assert tollbridge("service", "publish", "weather", "0").code == 2
    late = tollbridge("service", "approve", "weather", "1")
    assert (late.code, "it can: publish" in late.err) == (1, True)
    assert tollbridge("service", "schedule", "weather", "1", "--at", "soon").code == 2


def test_service_ends(tollbridge: Command, weather: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    tollbridge("service", "release", "weather", "--version", "1")
    tollbridge("service", "publish", "weather", "1")

    told = tollbridge("service", "deprecate", "weather", "--sunset", "90d", "--successor", "rain", "--json").json
    noted = tollbridge("service", "deprecate", "weather", "--successor", "rain").out
    plain = tollbridge("service", "deprecate", "weather", "--json").json
    kept = tollbridge("service", "keep", "weather", "--json").json
    asked = tollbridge("service", "retire", "weather")
    gone = fields(tollbridge("service", "retire", "weather", "--successor", "rain", "--yes"))

    assert (told["state"], told["successor"], plain["sunset_at"], kept["state"]) == (
        *("deprecated", "rain", None),
        "published",
    )
    assert told["sunset_at"] > told["deprecated_at"]
    assert "Note: there is no service 'rain' yet, to which callers are pointed" in noted
    assert asked.code == 130
    assert (gone["state"], gone["successor"]) == ("retired", "rain")
    assert tollbridge("service", "drop", "weather", "--yes").code == 1
    assert tollbridge("service", "create", "never", "--kind", "answering").code == 0
    assert tollbridge("service", "drop", "never", "--yes").code == 0
    assert tollbridge("service", "show", "never").code == 3


def test_service_is_paused_and_goes_on(tollbridge: Command, weather: Path) -> None:
    paused = tollbridge("service", "pause", "weather", "--why", "it is mended").out
    listed = tollbridge("service", "list").out
    goes_on = tollbridge("service", "resume", "weather", "--json").json

    assert next(line.split(maxsplit=2) for line in paused.splitlines() if "why" in line) == [
        "paused",
        "why",
        "it is mended",
    ]
    assert "draft, paused" in listed
    assert goes_on["paused_at"] is None
    assert tollbridge("service", "pause", "never").code == 3


def test_problems_are_told_and_decide_how_it_ends(tollbridge: Command, weather: Path) -> None:
    good = tollbridge("service", "check", "weather")
    weather.write_text("name: Weather\ndefinition: {text: rain, status: 500, unproven: it is dry}\n")
    tollbridge("service", "edit", "weather", "--file", str(weather))
    doubtful = tollbridge("service", "check", "weather")
    tollbridge("service", "release", "weather", "--version", "1")
    tried = tollbridge("service", "check", "weather", "--release", "1")
    weather.write_text("definition: {status: 500}\n")
    tollbridge("service", "edit", "weather", "--file", str(weather))
    wrong = tollbridge("service", "check", "weather")

    assert (good.code, good.out) == (0, "Nothing is wrong.\n")
    assert (doubtful.code, "nobody will like this" in doubtful.out) == (0, True)
    assert (tried.code, "tests/0" in tried.out) == (1, True)
    assert wrong.code == 1
    assert [line.split()[:2] for line in wrong.out.splitlines()[2:4]] == [["NO", "name"], ["NO", "text"]]
    assert [one["warning"] for one in tollbridge("service", "check", "weather", "--json").json] == [False, False, True]


def test_differences_are_shown_as_people_read_them(tollbridge: Command, weather: Path) -> None:
    tollbridge("service", "release", "weather", "--version", "1")
    tollbridge("service", "publish", "weather", "1")
    same = tollbridge("service", "diff", "weather")
    weather.write_text("name: Weather\ntags: [sky]\ndocs: |\n  # Rain\n  It stops.\ndefinition: {text: sun}\n")
    tollbridge("service", "edit", "weather", "--file", str(weather))

    differs = tollbridge("service", "diff", "weather")

    assert same.out == "Nothing differs.\n"
    assert differs.out.splitlines()[:11] == [
        "! definition/text: it answers otherwise",
        "    - no",
        "    + sun",
        "  docs: its words are others",
        "    @@ -1,3 +1,3 @@",
        "     # Rain",
        "    -It falls.",
        "    +It stops.",
        "     ",
        "  slos: it is another",
        '    - [{"name":"fast","objective":99.5,"latency_ms":null,"window_days":30}]',
    ]
    assert tollbridge("service", "diff", "weather", "--from", "1", "--to", "draft", "--json").json["breaking"] is True
    assert tollbridge("service", "diff", "weather", "--from", "9").code == 3


def test_documents_and_kinds_are_printed(tollbridge: Command, weather: Path) -> None:
    tollbridge("service", "release", "weather", "--version", "1")

    assert tollbridge("service", "openapi", "weather").json["info"] == {"title": "Weather", "version": ""}
    assert tollbridge("service", "openapi", "weather", "--release", "1").json["info"]["version"] == "1"
    assert "answering" in tollbridge("service", "kinds").out.split()
    kinds = {one["name"]: one["definition"] for one in tollbridge("service", "kinds", "--json").json}
    assert "Answers" in kinds["answering"]["$defs"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '{"name": "Weather", "limits": {"concurrency": 5}, "definition": {"text": "rain"}}'),
        ("a.yaml", "name: Weather\nlimits: {concurrency: 5}\ndefinition: {text: rain}\n"),
        ("a.YML", '{"name": "Weather", "limits": {"concurrency": 5}, "definition": {"text": "rain"}}'),
        ("a.toml", 'name = "Weather"\n[limits]\nconcurrency = 5\n[definition]\ntext = "rain"\n'),
        ("a", '{"name": "Weather", "limits": {"concurrency": 5}, "definition": {"text": "rain"}}'),
        ("b", "\ufeffname: Weather\nlimits: {concurrency: 5}\ndefinition: {text: rain}\n"),
        ("-", "name: Weather\nlimits: {concurrency: 5}\ndefinition: {text: rain}\n"),
    ],
)
def test_file_is_read_by_the_end_of_its_name(
    tollbridge: Command, config: Path, site: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    Path(name).write_text(content)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))

    ran = tollbridge("service", "create", "weather", "--kind", "answering", "--file", name)

    assert ran.code == 0, ran.err
    draft = tollbridge("service", "show", "weather", "--draft").json
    assert (draft["name"], draft["limits"]["concurrency"], draft["definition"]) == ("Weather", 5, {"text": "rain"})


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.json", '{"name": "a", "name": "b"}', "'name' is there twice"),
        ("a.json", "[1]", "holds no design"),
        ("a.json", "{", "cannot be read"),
        ("a.json", '{"a": NaN}', "cannot be read"),
        ("a.json", "[" * 100_000, "cannot be read"),
        ("a.yaml", "name: a\nname: b", "is there twice (line 2, column 1)"),
        ("a.yaml", "a: !!python/object/apply:os.system [id]", "is not read"),
        ("a.yaml", "a: " + "[" * 101 + "]" * 101, "over 100 levels deep"),
        ("a.yaml", BOMB, "over 1,000,000 values"),
        ("a.yaml", "a: [", "this is no YAML"),
        ("a.yaml", "--- {}\n--- {}", "more than one document"),
        ("a.toml", "day = 2026-01-05", "put them in quotes"),
        ("a.toml", "a = nan", "cannot be read"),
        ("a.toml", "a =", "cannot be read"),
        ("a.json", b"\xff", "cannot be read"),
        ("a.json", b" " * (LARGEST + 1), f"over {LARGEST} bytes"),
        ("gone.json", None, "cannot be read: No such file or directory"),
    ],
)
def test_file_that_cannot_be_read_is_wrong_usage(
    tollbridge: Command, config: Path, name: str, content: str | bytes | None, why: str
) -> None:
    if content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())

    ran = tollbridge("service", "create", "weather", "--kind", "answering", "--file", name)

    assert ran.code == 2
    assert why in " ".join(ran.err.replace("│", " ").split())


def test_fields_of_a_file_are_those_of_a_design() -> None:
    assert Design.__struct_fields__ == FIELDS
    assert whole({"name": "x", "other": 1}) == {**dict.fromkeys(FIELDS), "name": "x", "other": 1}


def test_all_of_it_works_elsewhere_too(tollbridge: Command, tmp_path: Path, site: Path) -> None:
    env = {"PYTHONPATH": f"{site}:{ROOT}"}
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9"), env=env) as live:
        secret = live.token("--scope", "admin:*", "--scope", "ai:*")["token"]
        (tmp_path / "token").write_text(secret)
        there = ("--url", live.url, "--token", f"@{tmp_path / 'token'}")
        file = tmp_path / "weather.json"
        file.write_text(json.dumps({"name": "Weather", "definition": {"text": "rain"}}))

        made = tollbridge("service", "create", "weather", "-k", "answering", "-f", str(file), "--json", *there)
        assert made.code == 0, made.err
        for action in (("release", "weather", "--version", "1"), ("publish", "weather", "1")):
            ran = tollbridge("service", *action, *there)
            assert ran.code == 0, ran.err
        shown = tollbridge("service", "show", "weather", "--json", *there).json

        assert shown["state"] == "published"
        secretive: dict[str, Any] = {"definition": {"text": "rain", "key": "env:A"}}
        file.write_text(json.dumps(secretive))
        refused = tollbridge("service", "edit", "weather", "-f", str(file), *there)
        assert (refused.code, "stored:NAME" in refused.err) == (1, True)
        assert tollbridge("service", "edit", "weather", "-f", str(file), "--config", str(live.config)).code == 0
