"""Documents are read strictly, with files beside them, and written so that they say the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.yamltext import read_yaml, write_yaml
from tollbridge_ascode.files import read_paths
from tollbridge_ascode.shapes import BadDocument, named, read_document, written
from tollbridge_ascode.specs import SHAPES

SERVICE = {"kind": "Service", "name": "weather", "spec": {"type": "rest"}}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (1, "a document is an object with kind, name and spec"),
        ({"kind": "Taem", "name": "a"}, "kind is one of .*; did you mean 'Team'?"),
        ({"name": "a"}, "kind is one of"),
        ({"kind": "Team", "name": "a", "spce": {}}, "a document has no 'spce'; did you mean 'spec'?"),
        ({"kind": "Team", "name": ""}, "name is a text of 1 to 100 printable"),
        ({"kind": "Team", "name": 1}, "name is a text"),
        ({"kind": "Team", "name": "a\nb"}, "name is a text"),
        ({"kind": "Team", "name": "a", "spec": {"titel": "x"}}, "spec has no 'titel'; did you mean 'title'?"),
        (
            {"kind": "Team", "name": "a", "spec": {"budget": {"usd": "1", "periode": "day"}}},
            r"spec.budget has no 'periode'; did you mean 'period'?",
        ),
        ({"kind": "Team", "name": "a", "spec": {"budget": {"usd": "many", "period": "day"}}}, "many"),
        (
            {"kind": "Team", "name": "a", "spec": {"budget": {"usd": 1, "period": "day"}}},
            r"spec.budget.usd: Expected `str`",
        ),
        (
            {"kind": "Plan", "name": "a", "spec": {"quota": {"cals": 1}}},
            r"spec.quota has no 'cals'; did you mean 'calls'?",
        ),
        ({"kind": "Plan", "name": "a", "spec": {"quota": {"calls": 0}}}, r"spec.quota.calls: Expected `int` >= 1"),
        (
            {"kind": "Plan", "name": "a", "spec": {"quota": {"calls": 1, "period": "total"}}},
            r"spec.quota.period: Invalid enum value 'total'",
        ),
        ({"kind": "Team", "name": "a", "spec": {"from": ["somewhere"]}}, "somewhere"),
        ({"kind": "Team", "name": "a", "spec": {"hours": "always"}}, "always"),
        ({"kind": "Team", "name": "a", "spec": []}, "spec: Expected `object`"),
        ({**SERVICE, "spec": {}}, "missing required field `type`"),
        (
            {**SERVICE, "spec": {"type": "rest", "deprecated": {"sunset": "2099-01-01T00:00:00Z"}}},
            "spec.deprecated has no 'sunset'; did you mean 'sunset_at'?",
        ),
        (
            {**SERVICE, "spec": {"type": "rest", "deprecated": {"sunset_at": "2099-01-01"}}},
            "spec.deprecated.sunset_at: Invalid RFC3339",
        ),
        ({**SERVICE, "spec": {"type": "rest", "version": "1", "beside": True}}, "set publish beside them"),
        ({**SERVICE, "spec": {"type": "rest", "publish_at": "2099-01-01T00:00:00Z"}}, "set publish beside them"),
        (
            {
                **SERVICE,
                "spec": {"type": "rest", "publish": True, "beside": True, "publish_at": "2099-01-01T00:00:00Z"},
            },
            "leave out beside, or publish_at",
        ),
        (
            {**SERVICE, "spec": {"type": "rest", "design": {"dcos": "x"}}},
            r"spec.design has no 'dcos'; did you mean 'docs'?",
        ),
        (
            {**SERVICE, "spec": {"type": "rest", "design": {"slos": [{"nmae": "x"}]}}},
            "has no 'nmae'; did you mean 'name'?",
        ),
        (
            {**SERVICE, "spec": {"type": "rest", "design": {"visibility": "all"}}},
            "spec.design.visibility: Invalid enum value",
        ),
    ],
)
def test_what_no_document_has_is_refused_by_name(value: Any, sentence: str) -> None:
    with pytest.raises(BadDocument, match=sentence) as refused:
        read_document(value, "all.yaml:3")

    assert str(refused.value).startswith("all.yaml:3: ")


@pytest.mark.parametrize("text", ["no", "No", "off", "FALSE", "yes", "on", "true", "y", " n "])
def test_a_text_that_may_mean_that_nothing_is_paused_is_no_reason_for_a_pause(text: str) -> None:
    with pytest.raises(BadDocument, match=r"paused is '.*', which is a text: write true or false"):
        read_document({**SERVICE, "spec": {"type": "rest", "paused": text}}, "a")


def test_a_team_has_a_scope() -> None:
    with pytest.raises(BadDocument, match="a team has a scope; leave scopes out for those that it has, or gets"):
        read_document({"kind": "Team", "name": "blue", "spec": {"scopes": []}}, "a")


def test_names_are_without_the_blanks_around_them() -> None:
    said = {"application": " shop", "service": "weather", "team": "blue "}

    one = read_document({"kind": "Application", "name": "shop ", "spec": {"team": " blue"}}, "a")
    other = read_document({"kind": "Subscription", "name": " s", "spec": said}, "a")

    assert one.key == ("Application", "blue", "shop")
    assert (other.name, other.key) == ("s", ("Subscription", "blue", "shop", "weather"))
    with pytest.raises(BadDocument, match="name is a text of 1 to 100"):
        read_document({"kind": "Team", "name": " "}, "a")


@pytest.mark.parametrize(
    ("definition", "at"),
    [
        (
            {"upstreams": {"main": {"headers": {"Authorization": "Bearer sk-1"}}}},
            "upstreams/main/headers/Authorization",
        ),
        ({"upstreams": {"main": {"auth": {"key": "sk-1"}}}}, "upstreams/main/auth/key"),
        ({"routes": [{"request": {"headers": {"set": {"X-Api-Key": "1"}}}}]}, "routes/0/request/headers/set/X-Api-Key"),
    ],
)
def test_a_secret_is_in_no_document(definition: Any, at: str) -> None:
    with pytest.raises(BadDocument, match=f"a secret stands at {at}; store it, and name it as stored:NAME"):
        read_document({**SERVICE, "spec": {"type": "rest", "design": {"definition": definition}}}, "a")


def test_documents_of_all_ways_are_read(repository) -> None:
    folder = repository(
        a_yaml="# nothing\n---\nkind: Team\nname: a\n---\n",
        b__b_json='{"kind": "Team", "name": "b"}',
        c_toml='kind = "Team"\nname = "c"\n[spec]\ntitle = "C"\n',
        d_md="kind: Team",
        e_openapi_yaml="no document",
    )

    found = read_paths([folder])

    assert [document.name for document in found] == ["a", "b", "c"]
    assert found[0].where.endswith("a.yaml:2")


def test_a_link_to_a_folder_elsewhere_is_refused_and_one_to_what_is_read_anyway_is_not(
    repository, tmp_path: Path
) -> None:
    folder = repository(a_yaml="{kind: Team, name: a}", b__b_yaml="{kind: Team, name: b}")
    (folder / "same").symlink_to(folder / "b")
    same = [document.name for document in read_paths([folder])]
    (tmp_path / "shared").mkdir()
    (folder / "shared").symlink_to(tmp_path / "shared")

    with pytest.raises(BadDocument, match=r"shared is a link to a folder elsewhere, which is not followed"):
        read_paths([folder])

    assert same == ["a", "b"]


def test_a_link_to_a_hidden_folder_is_refused(repository) -> None:
    folder = repository(a_yaml="{kind: Team, name: a}")
    (folder / ".kept").mkdir()
    (folder / "kept").symlink_to(folder / ".kept")

    with pytest.raises(BadDocument, match="kept is a link to a folder elsewhere"):
        read_paths([folder])


def test_a_link_that_leads_nowhere_is_refused_where_it_would_be_a_document(repository, tmp_path: Path) -> None:
    folder = repository(a_yaml="{kind: Team, name: a}")
    (folder / "text.md").symlink_to(tmp_path / "gone.md")
    read = len(read_paths([folder]))
    (folder / "c.yaml").symlink_to(tmp_path / "gone.yaml")

    with pytest.raises(BadDocument, match=r"c.yaml is no file that can be read: a link that leads nowhere"):
        read_paths([folder])

    assert read == 1


def test_a_folder_that_cannot_be_read_is_an_error(repository, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository(a_yaml="{kind: Team, name: a}", b__b_yaml="{kind: Team, name: b}")
    entries = Path.iterdir

    def closed(path: Path) -> Any:
        if path.name == "b":
            raise PermissionError(13, "Permission denied")
        return entries(path)

    monkeypatch.setattr(Path, "iterdir", closed)

    with pytest.raises(BadDocument, match="b cannot be read: permission denied"):
        read_paths([folder])


def test_a_file_with_two_endings_that_no_document_names_holds_none(repository) -> None:
    folder = repository(
        a_yaml="{kind: Team, name: a}",
        b_openapi_yaml="{kind: Service, apiVersion: v1, metadata: {}}",  # of somebody else's
        c_odd_json="{",
    )
    read = len(read_paths([folder]))
    repository(d_prod_yaml="{kind: Team, name: d}")

    with pytest.raises(BadDocument, match=r"d.prod.yaml holds a Team and is not read, .*: give it one, such as d-prod"):
        read_paths([folder])

    assert read == 1


def test_a_part_may_look_like_a_document(repository) -> None:
    assert design_of(repository, {"definition": {"text": {"file": "a.b.yaml"}}}, a_b_yaml="{kind: Team}").definition


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{kind: Team, name: a}\n---\n{kind: Team, name: a}", r"a.yaml:2: Team a is in .*a.yaml:1 too"),
        ("a: *b", "the alias"),
        ("kind: !!python/name:os.system x", "the tag"),
    ],
)
def test_files_that_cannot_be_used_are_named(repository, text: str, sentence: str) -> None:
    with pytest.raises(BadDocument, match=sentence):
        read_paths([repository(a_yaml=text)])


def test_two_teams_may_have_applications_of_one_name(repository) -> None:
    one, two = ({"kind": "Application", "name": "shop", "spec": {"team": team}} for team in ("blue", "red"))

    assert len(read_paths([repository(a_json=json.dumps(one), b_json=json.dumps(two))])) == 2


@pytest.mark.parametrize("name", ["gone.yaml", "x.txt"])
def test_a_path_that_is_no_file_of_documents_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadDocument, match=name):
        read_paths([tmp_path / name])


def design_of(repository, design: Any, **files: str) -> Any:
    document = {"kind": "Service", "name": "weather", "spec": {"type": "rest", "design": design}}
    (found,) = read_paths([repository(all_json=json.dumps(document), **files)])
    return found.spec.design


def test_texts_and_values_may_be_files_beside_the_document(repository) -> None:
    files = {"docs__a_md": "# A\n", "api_openapi_yaml": "openapi: 3.1.0", "prompt_txt": "Say {{x}}."}
    definition = {
        "document": {"file": "api.openapi.yaml"},
        "system": {"file": "prompt.txt"},
        "deep": {"a": {"file": "x"}},
    }

    design = design_of(repository, {"docs": {"file": "docs/a.md"}, "definition": definition}, **files)

    assert design.docs == "# A\n"
    assert design.definition == {
        "document": {"openapi": "3.1.0"},
        "system": "Say {{x}}.",
        "deep": {"a": {"file": "x"}},  # only members of a definition are files
    }


def test_a_whole_definition_may_be_a_file_and_docs_are_a_text_however_they_are_named(repository) -> None:
    files = {"parts__d_openapi_json": '{"a": 1}', "parts__x_openapi_yaml": "a: 1"}
    design = {"docs": {"file": "parts/x.openapi.yaml"}, "definition": {"file": "parts/d.openapi.json"}}

    made = design_of(repository, design, **files)

    assert (made.docs, made.definition) == ("a: 1", {"a": 1})


@pytest.mark.parametrize("name", ["../secret.md", "/etc/passwd", "a/../../secret.md", "", "..\\secret.md", "a\0.md"])
def test_a_file_elsewhere_is_not_read(repository, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.md").write_text("secret")

    with pytest.raises(BadDocument, match="a file is named below the folder of its document"):
        design_of(repository, {"docs": {"file": name}})


def test_a_link_out_of_the_folder_is_not_followed(repository, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    folder = repository(x_md="")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "up").symlink_to(tmp_path)

    for name in ("link.md", "up/secret.md"):
        with pytest.raises(BadDocument, match="is a link out of the folder"):
            design_of(repository, {"docs": {"file": name}})


def test_as_many_values_are_read_as_a_gateway_keeps(repository) -> None:
    files = {"big_part_json": json.dumps([[1, 2, 3]] * 300_000)}

    design = design_of(repository, {"definition": {"document": {"file": "big.part.json"}}}, **files)

    assert len(design.definition["document"]) == 300_000


def test_a_part_that_cannot_be_read_is_named(repository) -> None:
    with pytest.raises(BadDocument, match=r"repository/a.part.json: this is no JSON"):
        design_of(repository, {"definition": {"document": {"file": "a.part.json"}}}, a_part_json="{")


def test_a_file_that_is_not_there_is_named(repository) -> None:
    with pytest.raises(BadDocument, match=r"gone.md cannot be read: no such file"):
        design_of(repository, {"docs": {"file": "gone.md"}})


WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, categories=["L", "N", "P", "Zs"]), max_size=12)
COUNTS = st.none() | st.integers(0, 10**6)
MONEY = st.integers(0, 10**12).map(lambda nano: f"{nano / 10**6:.6f}")
BUDGETS = st.none() | st.fixed_dictionaries({"usd": MONEY, "period": st.sampled_from(["day", "month", "total"])})
LIMITS = {name: COUNTS for name in ("requests_per_minute", "tokens_per_minute", "concurrency")}
BOUNDS = {**LIMITS, "budget": BUDGETS, "from": st.lists(st.sampled_from(["10.0.0.1", "10.0.0.0/8", "::1"]), max_size=2)}
MOMENTS = st.sampled_from(["2099-01-01T00:00:00Z", "2098-07-01T02:00:00.5+02:00", "2020-01-01T00:00:00Z"])
SLUGS = st.from_regex("[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS.filter(lambda key: key != "file"), inner, max_size=3)
    ),
    max_leaves=8,
)
POLICIES = st.dictionaries(SLUGS, st.dictionaries(SLUGS, PLAIN, max_size=2), max_size=2)
DESIGN = {
    **{"name": WORDS, "description": WORDS, "docs": st.text(max_size=40).filter(str.isascii), "tags": st.lists(SLUGS)},
    **{"visibility": st.sampled_from(["public", "internal", "team"]), "plans": st.lists(SLUGS), "budget": BUDGETS},
    **{"price_per_call_usd": MONEY, "limits": st.fixed_dictionaries({}, optional=LIMITS)},
    "policies": POLICIES,
    "definition": st.dictionaries(WORDS.filter(lambda key: key != "file"), PLAIN, max_size=4),
}
SPECS = {
    "Team": st.fixed_dictionaries(
        {}, optional={"title": WORDS, "rotate_days": COUNTS, "scopes": st.lists(SLUGS, min_size=1), **BOUNDS}
    ),
    "Plan": st.fixed_dictionaries(
        {},
        optional={"title": WORDS, **LIMITS, "budget": BUDGETS, "price_per_call_usd": MONEY, "models": st.lists(SLUGS)}
        | {"policies": POLICIES},
    ),
    "Service": st.fixed_dictionaries(
        {"type": SLUGS},
        optional={
            "team": SLUGS,
            "version": SLUGS,
            "publish": st.booleans(),
            "paused": st.booleans() | WORDS,
            "deprecated": st.fixed_dictionaries({}, optional={"sunset_at": MOMENTS, "successor": SLUGS}),
            "design": st.fixed_dictionaries({}, optional=DESIGN),
        },
    )
    | st.fixed_dictionaries(
        {"type": SLUGS, "publish": st.just(True)},
        optional={"publish_at": MOMENTS},
    )
    | st.just({"type": "rest", "publish": True, "beside": True}),
    "Application": st.fixed_dictionaries(
        {}, optional={"team": SLUGS, "owner": WORDS, "metadata": st.dictionaries(SLUGS, WORDS, max_size=2), **BOUNDS}
    ),
    "Subscription": st.fixed_dictionaries(
        {"application": SLUGS, "service": SLUGS}, optional={"team": SLUGS, "plan": SLUGS, "approved": st.booleans()}
    ),
}
DOCUMENTS = st.sampled_from(sorted(SHAPES)).flatmap(
    lambda kind: st.fixed_dictionaries({"kind": st.just(kind), "name": SLUGS, "spec": SPECS[kind]})
)


@given(DOCUMENTS)
def test_what_is_written_says_what_was_read(value: Any) -> None:
    document = read_document(value, "x")

    again = read_document(read_yaml(write_yaml(written(document))), "x")

    assert again == document
    assert named(again.spec) == named(document.spec)


@given(
    st.recursive(PLAIN, lambda inner: st.fixed_dictionaries({"kind": st.sampled_from(sorted(SHAPES)), "spec": inner}))
)
def test_nothing_breaks_the_reader(value: Any) -> None:
    try:
        read_document(value, "x")
    except BadDocument:
        return
