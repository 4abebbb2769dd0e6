"""Plain values into bytes, JSON or YAML: the same ones each time, in the order of the document."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tollbridge.yamltext import write_yaml


def to_json(document: Mapping[str, Any]) -> bytes:
    """Write JSON, without spaces."""
    return msgspec.json.encode(document)


def to_yaml(document: Mapping[str, Any]) -> bytes:
    """Write YAML that readers of 1.1 and of 1.2 read alike, without aliases."""
    return write_yaml(document).encode("utf-8")
