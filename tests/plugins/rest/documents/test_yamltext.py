"""YAML that cannot be read is a document that cannot."""

import pytest

from tollbridge_rest.documents import BadDocument
from tollbridge_rest.documents.yamltext import read_yaml


def test_yaml_is_read_and_refused_as_a_document() -> None:
    assert read_yaml("a: no") == {"a": "no"}
    with pytest.raises(BadDocument, match=r"the key 'a' is there twice \(line 2, column 1\)"):
        read_yaml("a: 1\na: 2")
