"""Whatever is applied to a gateway is what it exports, and the export makes another gateway the same."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.middleware.cli.conftest import CONFIG
from tests.plugins.ascode.generating import document_sets, labels, one

from tollbridge.cli.app import run
from tollbridge.cli.asking import Asking
from tollbridge.cli.places import Where
from tollbridge.testing.blank import lay_database
from tollbridge_ascode.doing import do
from tollbridge_ascode.exporting import exported, files_of, references_of
from tollbridge_ascode.files import read_paths
from tollbridge_ascode.planning import planned
from tollbridge_ascode.reaching import reached
from tollbridge_ascode.shapes import Document, named, written

pytestmark = pytest.mark.usefixtures("site")
_ONCE = settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),  # what is smaller takes seconds each, and is seldom told more
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    for name in ("TOLLBRIDGE_CONFIG", "TOLLBRIDGE_DATA", "TOLLBRIDGE_URL", "TOLLBRIDGE_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def laid(folder: Path) -> Path:
    """Leave a configuration and an empty database in a folder, and give the path of the first."""
    config = folder / "tollbridge.toml"
    config.write_text(CONFIG)
    lay_database(folder / ".tollbridge" / "tollbridge.db")
    return config


@contextmanager
def empty_gateway() -> Iterator[Asking]:
    with TemporaryDirectory() as folder, reached(Where(config=laid(Path(folder)))) as api:
        yield api


def apply(api: Asking, documents: Sequence[Document]) -> list[str]:
    plan = planned(api, documents)
    assert not any(one.waits for one in do(plan))
    return [str(step) for step in plan.steps]


def meant(documents: Sequence[Document]) -> dict[tuple[str, ...], Any]:
    """Give what documents say by what they are about, in the words of the API and with what follows from it."""
    approves = {each.name: each.spec.design.approval.value for each in documents if each.kind == "Service"}
    found: dict[tuple[str, ...], Any] = {}
    for each in documents:
        said = named(each.spec)
        if each.kind == "Team" and each.spec.scopes is None:
            said["scopes"] = None  # it gets those that teams have
        if each.kind == "Subscription":
            said["approved"] = each.spec.approved or approves[each.spec.service] == "auto"
            said["expires_at"] = each.spec.expires_at
        if each.kind == "Service":
            said |= {name: getattr(each.spec, name) for name in ("publish_at", "deprecated", "paused")}
        kept = ("note", "paused") if each.kind == "Service" else ("why", "owner", "description")
        said |= {name: said[name].strip() for name in kept if isinstance(said.get(name), str)}
        if said.get("paused") == "":
            said["paused"] = True
        found[each.key] = said
    return found


def same(exported: Sequence[Document], documents: Sequence[Document]) -> None:
    there, wanted = meant(exported), meant(documents)
    for key, said in wanted.items():
        if said.get("scopes", ()) is None:
            there[key]["scopes"] = None
    assert there == wanted


@_ONCE
@given(documents=document_sets())
def test_what_is_applied_is_exported_and_makes_another_gateway_the_same(documents: list[Document]) -> None:
    with empty_gateway() as first, empty_gateway() as second, TemporaryDirectory() as folder:
        apply(first, documents)
        found = list(exported(first))
        for name, text in files_of(found).items():
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            (Path(folder) / name).write_text(text)

        same(found, documents)
        assert planned(first, documents).steps == []
        assert planned(first, found).steps == []
        apply(second, read_paths([Path(folder)]))
        assert [written(one) for one in exported(second)] == [written(one) for one in found]


BEFORE: dict[str, tuple[str, dict[str, Any]]] = {
    "Team": ("blue", {"title": "Blue", "scopes": ["ai:*", "service:*"], "budget": {"usd": "5", "period": "day"}}),
    "Plan": ("gold", {"title": "Gold", "models": ["small*"], "concurrency": 3, "quota": {"calls": 9, "period": "day"}}),
    "Service": (
        "weather",
        {
            "type": "answering",
            "team": "blue",
            "version": "0",
            "publish": True,
            "design": {"name": "W", "plans": ["gold"], "limits": {"concurrency": 1}, "definition": {"text": "rain"}},
        },
    ),
    "Application": ("shop", {"team": "blue", "tags": ["a"], "metadata": {"unit": "x"}, "owner": "ada"}),
    "Subscription": (
        "shop calls",
        {"application": "shop", "team": "blue", "service": "weather", "plan": "gold", "approved": True},
    ),
}
CHANGES: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("Team", "title"): labels,
    ("Team", "scopes"): st.sampled_from((["ai:*", "service:*", "model:*"], ["service:*", "ai:chat"])),
    ("Team", "budget.usd"): st.sampled_from(("6", "7.5")),
    ("Team", "rotate_days"): st.integers(1, 90),
    ("Team", "concurrency"): st.integers(1, 9),
    ("Plan", "description"): labels,
    ("Plan", "models"): st.sampled_from((["a*"], ["b"], [])),
    ("Plan", "quota.calls"): st.integers(10, 99),
    ("Plan", "policies"): st.sampled_from(({"seal": {}}, {"stamp": {"word": "x"}, "seal": {}})),
    ("Plan", "price_per_call_usd"): st.sampled_from(("0.5", "2")),
    ("Service", "design.name"): labels,
    ("Service", "design.docs"): labels,
    ("Service", "design.limits.concurrency"): st.integers(2, 9),
    ("Service", "design.policies"): st.sampled_from(({"seal": {}}, {"stamp": {"word": "x"}, "seal": {}})),
    ("Service", "deprecated"): st.sampled_from(({}, {"successor": "climate"}, {"sunset_at": "2099-01-01T00:00:00Z"})),
    ("Service", "design.definition"): st.builds(lambda text: {"text": text}, labels),
    ("Application", "owner"): labels,
    ("Application", "disabled"): st.just(True),
    ("Application", "metadata"): st.sampled_from(({}, {"unit": "y"}, {"other": "x"})),
    ("Application", "tags"): st.sampled_from((["b"], ["a", "b"], [])),
    ("Application", "from"): st.sampled_from((["10.0.0.7"], ["::1"])),
    ("Subscription", "expires_at"): st.sampled_from(("2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z")),
}
"""Members that are changed, by the kind of the document and where they are in its spec, and what to."""


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, str, Any]:
    kind, path = draw(st.sampled_from(sorted(CHANGES)))
    return kind, path, draw(CHANGES[kind, path])


@settings(_ONCE, max_examples=3)
@given(wanted=st.lists(changes(), min_size=3, max_size=4))
def test_a_change_of_a_document_is_all_that_differs_and_applied_nothing_does(
    wanted: list[tuple[str, str, Any]],
) -> None:
    specs = deepcopy(BEFORE)
    with empty_gateway() as api:
        apply(api, documents_of(specs))
        for number, (kind, path, value) in enumerate(wanted, 1):
            name, spec = specs[kind]
            *outer, last = path.split(".")
            place = spec
            for each in outer:
                place = place[each]
            differs = place.get(last) != value
            place[last] = value
            if kind == "Service":
                spec["version"] = str(number)

            plan = planned(api, documents_of(specs))

            assert [str(step) for step in plan.steps] == (expected(kind, name, number, path) if differs else [])
            told = {line.split(": ")[0] for step in plan.steps for line in step.told}
            ends = {at.partition(".")[0] if path == "deprecated" else at for at in told}
            assert ends == ({path} if differs else set())
            assert not any(one.waits for one in do(plan))
            assert planned(api, documents_of(specs)).steps == []


def documents_of(specs: dict[str, tuple[str, dict[str, Any]]]) -> list[Document]:
    return [one(kind, name, spec) for kind, (name, spec) in specs.items()]


def expected(kind: str, name: str, number: int, path: str) -> list[str]:
    """Name the steps that a change of one document takes."""
    if path == "deprecated":
        return [f"deprecate {kind} {name}"]
    if kind == "Subscription":
        return [f"approve {kind} {name}"]
    more = [f"{step} {kind} {name} {number}" for step in ("release", "publish")] if kind == "Service" else []
    return [f"change {kind} {name}", *more]


MARK = "quartz-lamp-0123456789"
SECRET = f"sk-{MARK}-abcdefghijklmnop"


def test_no_secret_is_in_an_export_wherever_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing that has a secret has one that is marked, or whose own text is looked for."""
    secrets: list[str] = [MARK]
    config = laid(tmp_path)
    for name in ("weather", "header", "mcp"):
        monkeypatch.setattr("sys.stdin", io.StringIO(SECRET))
        assert run(["secret", "set", f"blue.{name}", "--config", str(config)]) == 0
    with reached(Where(config=config)) as api:
        specs = deepcopy(BEFORE)
        auth = {"auth": {"key": "stored:blue.weather"}, "headers": {"x-key": "stored:blue.header"}}
        node = {"nodes": [{"url": "https://api.example.com"}], **auth}
        routes = [{"name": "look", "path": "/look", "upstream": "main"}]
        rest = {
            "type": "rest",
            "team": "blue",
            "design": {"definition": {"upstreams": {"main": node}, "routes": routes}},
        }
        oauth = {"token_url": "https://x.example/t", "client_id": "me", "client_secret": "stored:blue.mcp"}
        mcp = {"type": "mcp", "team": "blue", "design": {"definition": {"url": "https://x.example", "oauth": oauth}}}
        more = [one("Service", "rest", rest), one("Service", "tools", mcp)]
        apply(api, [*documents_of(specs), *more])
        for path, wish, *names in (
            ("/provider-credentials", {"provider": "mock", "key": SECRET}),
            ("/tokens", {"name": "t", "team": "blue", "scopes": ["ai:*"]}, "token"),
            ("/clients", {"name": "c", "scopes": ["ai:chat"], "team": "blue"}, "secret"),
            ("/webhooks", {"name": "w", "url": f"https://x.example/{MARK}", "events": ["token.*"]}, "secret"),
            ("/people", {"name": "Ada", "email": "ada@x.example", "password": f"{MARK} and more"}),
        ):
            made = api.ask("POST", path, wish)
            secrets += [made[name] for name in names]
        (shop,) = api.items("/applications")
        token = api.ask("POST", f"/applications/{shop['id']}/tokens", {"name": "t"})
        key = api.ask("POST", f"/tokens/{token['id']}/credentials", {"kind": "hmac"})
        secrets += [token["token"], key["secret"]]

        documents = list(exported(api))
        texts = [*files_of(documents).values(), *(str(written(each)) for each in documents)]

    assert [len(secret) > 20 for secret in secrets] == [True] * 6
    assert [secret for secret in secrets for text in texts if secret in text or secret[8:20] in text] == []
    assert references_of(documents) == ["stored:blue.header", "stored:blue.mcp", "stored:blue.weather"]
