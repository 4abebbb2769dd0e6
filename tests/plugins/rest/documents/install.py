"""Puts OpenAPI documents of others into a cache folder: `python -m tests.plugins.rest.documents.install`, with npm.

`TOLLBRIDGE_OPENAPI_DOCUMENTS` names another folder.
"""

from pathlib import Path

from tests.support.npm import Packages

DOCUMENTS = Packages(
    "openapi-documents",
    "the documents",
    "tests.plugins.rest.documents.install",
    "TOLLBRIDGE_OPENAPI_DOCUMENTS",
    Path(__file__).parent / "node",
)

if __name__ == "__main__":
    DOCUMENTS.main()
