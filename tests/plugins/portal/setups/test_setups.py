import json
import re
import subprocess
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_portal.samples import Unwritable
from tollbridge_portal.setups import Setup, setups, words

BASES = ["https://gw.example.com", "https://example.com/ai/", "http://127.0.0.1:8800", "http://[::1]:8800/x"]
VENDORS = ["claude-code", "codex", "cursor", "open-webui", "openai", "anthropic", "langchain", "ai-sdk"]
SENTENCES = {value for name, value in vars(words).items() if name.isupper() and isinstance(value, str)}
models = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)


def made(model: str = "gpt-4o-mini", base_url: str = BASES[0]) -> dict[str, Setup]:
    return {setup.name: setup for setup in setups(base_url, model, "GATEWAY_TOKEN")}


def code_of(setup: Setup, language: str) -> list[str]:
    return [step.block.code for step in setup.steps if step.block is not None and step.block.language == language]


def test_every_tool_has_one() -> None:
    assert list(made()) == VENDORS


@pytest.mark.parametrize("name", VENDORS)
def test_set_up_says_what_it_is_what_to_do_what_does_not_work_and_who_says_so(name: str) -> None:
    setup = made()[name]

    assert setup.title
    assert setup.about
    assert len(setup.steps) >= 3
    assert setup.limits
    assert setup.source.startswith("https://")


@pytest.mark.parametrize("name", VENDORS)
def test_every_sentence_is_one_for_translators_and_takes_its_values(name: str) -> None:
    setup = made()[name]
    said = [setup.about, *setup.limits, *(step.text for step in setup.steps)]

    assert set(said) <= SENTENCES
    for step in setup.steps:
        filled = step.text % step.values
        assert "%" not in filled
        assert set(re.findall(r"%\((\w+)\)s", step.text)) == set(step.values)
    for text in (setup.about, *setup.limits):
        assert text % {} == text


def test_every_sentence_is_used() -> None:
    said = {text for setup in made().values() for text in (setup.about, *setup.limits)}
    said |= {step.text for setup in made().values() for step in setup.steps}

    assert said == SENTENCES
    assert all(re.fullmatch(r"[A-Z].*[.]", sentence) for sentence in SENTENCES)


@pytest.mark.parametrize("base", BASES)
def test_address_ends_in_v1_where_a_tool_adds_none_itself(base: str) -> None:
    found = made(base_url=base)
    bare = base.rstrip("/")
    environment = "\n".join(code_of(found["claude-code"], "bash"))
    python = code_of(found["langchain"], "python")

    assert json.loads(code_of(found["claude-code"], "json")[0])["env"]["ANTHROPIC_BASE_URL"] == bare
    assert f"{bare}/v1" not in environment
    assert (
        tomllib.loads(code_of(found["codex"], "toml")[0])["model_providers"]["tollbridge"]["base_url"] == f"{bare}/v1"
    )
    assert code_of(found["cursor"], "text")[0] == f"{bare}/v1\n"
    assert f"{bare}/v1" in "".join(code_of(found["open-webui"], "bash"))
    assert (f'"{bare}/v1"' in python[0], f'"{bare}"' in python[1]) == (True, True)
    assert all(f'"{bare}/v1"' in code for code in code_of(found["ai-sdk"], "javascript"))


@given(model=models)
def test_model_of_any_name_is_one_in_every_file(model: str) -> None:
    found = made(model)

    config = tomllib.loads(code_of(found["codex"], "toml")[0])
    settings = json.loads(code_of(found["claude-code"], "json")[0])

    assert config == {
        "model": model,
        "model_provider": "tollbridge",
        "model_providers": {
            "tollbridge": {
                "name": "Tollbridge",
                "base_url": f"{BASES[0]}/v1",
                "env_key": "GATEWAY_TOKEN",
                "wire_api": "responses",
            }
        },
    }
    assert settings["env"]["ANTHROPIC_MODEL"] == model
    assert settings["apiKeyHelper"] == "printenv GATEWAY_TOKEN"


def test_lines_for_a_shell_are_lines_of_a_shell() -> None:
    for setup in made('it\'s a $(model) `of` "any"\nname').values():
        for code in code_of(setup, "bash"):
            done = subprocess.run(["bash", "-n", "-c", code], capture_output=True, check=False)
            assert (done.returncode, done.stderr) == (0, b""), setup.name


def test_programs_of_python_compile() -> None:
    programs = [code for setup in made('a"b\\c\n{x}').values() for code in code_of(setup, "python")]

    assert len(programs) == 4
    for code in programs:
        compile(code, "sample.py", "exec")


@pytest.mark.parametrize(
    ("base", "model", "variable"),
    [
        ("gw.example.com", "m", "TOKEN"),
        ("https://gw.example.com", "m", "MY-TOKEN"),
        ("https://gw.example.com", "m\ud800", "TOKEN"),
        ("https://gw.example.com/?a=b", "m", "TOKEN"),
    ],
)
def test_what_no_set_up_can_be_written_of_is_refused(base: str, model: str, variable: str) -> None:
    with pytest.raises(Unwritable):
        setups(base, model, variable)
