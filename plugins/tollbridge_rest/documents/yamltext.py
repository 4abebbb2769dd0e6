"""YAML as the core reads it, refused as documents are."""

from typing import Any

from tollbridge.yamltext import BadYaml
from tollbridge.yamltext import read_yaml as read
from tollbridge_rest.documents.bounds import BadDocument


def read_yaml(text: str) -> Any:
    """Read one document; raises `BadDocument`.  What it gives may share parts, and must not be changed."""
    try:
        return read(text)
    except BadYaml as exc:
        raise BadDocument(str(exc)) from None
