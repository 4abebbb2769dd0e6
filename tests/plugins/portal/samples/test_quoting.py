"""What the reader of each language makes of a literal is the text that it was written of."""

import ast
import json
import shlex
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plugins.portal.machine import compile_csharp, run
from tests.plugins.portal.samples.literals import read_csharp, read_go, read_java, read_java_block
from tests.support.requires import requires

from tollbridge_portal.samples import quoting

NASTY = [
    "",
    *"'\"\\`$%{}#@!;&|<>/?*~^\n\r\t\0\x07\x1b\x7f\x85\xa0\xad",
    *("\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "\ufffe", "\uffff", "\u0300", "\u200b", "\u3000", "\ue000"),
    *("\U0001f389", "\U0001f468\u200d\U0001f469", "\U000e0041", "\U0010ffff", "中文", "שלום", "é", "\x01"),
    *(
        "\\u0022",
        "\\\\u0022",
        "\\u000a",
        "\\N{DASH}",
        "\\x41",
        "\\101",
        "\x001",
        "\x0a9",
        "\u0085f",
        "$HOME",
        "${HOME}",
    ),
    *("`id`", "$(id)", "%s", "{0}", "#{1}", "'''", '"""', '""""', '""', '\\"', "\\", "\\\\", "*/", "//", "</script>"),
    *("<!--", "'; DROP", "\r\n", "\n\n", " lead", "trail ", "-n", "--", "@file", "!x", "~", "a\nb'c"),
]
texts = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"])), st.text("\\\"'`$u0123{}\n", max_size=12)
)
lines = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cf", "Co", "Cn", "Zs"])), min_size=1
).map("\n".join)
batches = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


@given(text=texts)
def test_python_reads_its_text(text: str) -> None:
    assert ast.literal_eval(quoting.python(text)) == text


@given(text=texts)
def test_toml_reads_its_text(text: str) -> None:
    assert tomllib.loads(f"a = {quoting.toml(text)}") == {"a": text}


@given(text=texts)
def test_java_reads_its_text_by_its_grammar(text: str) -> None:
    assert read_java(quoting.java(text)) == text


@given(text=texts)
def test_go_reads_its_text_by_its_grammar(text: str) -> None:
    assert read_go(quoting.go(text)) == text


@given(text=texts)
def test_csharp_reads_its_text_by_its_grammar(text: str) -> None:
    assert read_csharp(quoting.csharp(text)) == text


@given(text=lines)
def test_csharp_reads_its_verbatim_text_by_its_grammar(text: str) -> None:
    assert read_csharp(quoting.csharp_verbatim(text)) == text


@given(text=lines.filter(lambda text: "`" not in text))
def test_go_reads_its_raw_text_by_its_grammar(text: str) -> None:
    assert read_go(quoting.go_raw(text)) == text


@given(text=st.one_of(lines, st.text('"\\', max_size=12)).filter(lambda text: text and not text.startswith("\n")))
def test_java_reads_its_block_by_its_grammar(text: str) -> None:
    assert read_java_block(quoting.java_block(text, "    ")) == text


@given(text=texts)
def test_literal_hides_nothing(text: str) -> None:
    for write in (quoting.python, quoting.javascript, quoting.java, quoting.go, quoting.csharp, quoting.toml):
        assert write(text).isprintable()


@given(words=st.lists(texts.filter(lambda text: "\0" not in text)))
def test_shell_word_is_one_word(words: list[str]) -> None:
    assert shlex.split(" ".join(map(quoting.shell, words))) == words


def test_shell_has_no_word_for_a_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quoting.shell("a\0b")


@given(words=st.lists(texts.filter(lambda text: "\0" not in text), min_size=1, max_size=60))
@settings(max_examples=15, deadline=None)
def test_shell_itself_reads_its_words(words: list[str]) -> None:
    script = f"printf '%s\\0' {' '.join(map(quoting.shell, words))}"

    assert run(["sh", "-c", script], Path("/")).split("\0")[:-1] == words


@requires("node-sdks")
@given(found=st.lists(texts, min_size=1, max_size=200))
@batches
def test_node_reads_its_texts(found: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("node")
    literals = ",\n".join(map(quoting.javascript, [*NASTY, *found]))
    (folder / "it.mjs").write_text(f"console.log(JSON.stringify([{literals}]));\n", "utf-8")

    assert json.loads(run(["node", "it.mjs"], folder)) == [*NASTY, *found]


def hexed(text: str) -> str:
    return text.encode("utf-16-be").hex()


@requires("java")
@given(found=st.lists(texts, min_size=1, max_size=200), blocks=st.lists(lines, min_size=1, max_size=40))
@batches
def test_java_itself_reads_its_texts(
    found: list[str], blocks: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("java")
    plain = [text for text in blocks if text and not text.startswith("\n")]
    literals = [*map(quoting.java, [*NASTY, *found]), *(quoting.java_block(text, "    ") for text in plain)]
    (folder / "It.java").write_text(
        "class It { public static void main(String[] a) { String[] all = {\n"
        + ",\n".join(literals)
        + "\n}; for (String one : all) { var out = new StringBuilder();"
        ' for (char unit : one.toCharArray()) out.append(String.format("%04x", (int) unit));'
        " System.out.println(out); } } }\n",
        "utf-8",
    )

    printed = run(["java", "-Dfile.encoding=UTF-8", "It.java"], folder)

    assert printed.split("\n")[:-1] == [hexed(text) for text in [*NASTY, *found, *plain]]


@requires("go")
@given(found=st.lists(texts, min_size=1, max_size=200), raw=st.lists(lines, min_size=1, max_size=40))
@batches
def test_go_itself_reads_its_texts(found: list[str], raw: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("go")
    plain = [text for text in raw if "`" not in text]
    literals = [*map(quoting.go, [*NASTY, *found]), *map(quoting.go_raw, plain)]
    (folder / "main.go").write_text(
        'package main\nimport "fmt"\nfunc main() { for _, one := range []string{\n'
        + ",\n".join(literals)
        + ',\n} { fmt.Printf("%x\\n", one) } }\n',
        "utf-8",
    )

    printed = run(["go", "run", "main.go"], folder)

    assert printed.split("\n")[:-1] == [text.encode("utf-8").hex() for text in [*NASTY, *found, *plain]]


@requires("mono")
@given(found=st.lists(texts, min_size=1, max_size=200), verbatim=st.lists(lines, min_size=1, max_size=40))
@batches
def test_csharp_itself_reads_its_texts(
    found: list[str], verbatim: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("csharp")
    literals = [*map(quoting.csharp, [*NASTY, *found]), *map(quoting.csharp_verbatim, verbatim)]
    written = folder / "Program.cs"
    written.write_text(
        "using System; using System.Text; using System.Threading.Tasks;\n"
        "class Sample { public static Task Main() { foreach (var one in new string[] {\n"
        + ",\n".join(literals)
        + '\n}) { foreach (var unit in one) Console.Write(((int)unit).ToString("x4")); Console.WriteLine(); }'
        " return Task.CompletedTask; } }\n",
        "utf-8",
    )

    compile_csharp(written, folder)
    printed = run(["mono", "sample.exe"], folder)

    assert printed.split("\n")[:-1] == [hexed(text) for text in [*NASTY, *found, *verbatim]]
