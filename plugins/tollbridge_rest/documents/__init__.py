"""OpenAPI documents: read, looked up, checked against, mocked, compared and published.

Nothing here does I/O but `fetching`, over the transport it is given.
"""

from tollbridge_rest.documents.accepting import Preferred, read_prefer
from tollbridge_rest.documents.bounds import BadDocument
from tollbridge_rest.documents.building import document_of
from tollbridge_rest.documents.changes import changes
from tollbridge_rest.documents.checking import problems_of
from tollbridge_rest.documents.exporting import publish
from tollbridge_rest.documents.fetching import fetch_document
from tollbridge_rest.documents.findings import Finding
from tollbridge_rest.documents.mocking import Mocked, Mocks
from tollbridge_rest.documents.model import Document, Operation
from tollbridge_rest.documents.paths import Found, Paths
from tollbridge_rest.documents.reading import read_document
from tollbridge_rest.documents.requests import Asked, Requests
from tollbridge_rest.documents.responses import Answered, Responses
from tollbridge_rest.documents.slotvalues import Checking
from tollbridge_rest.documents.upgrading import upgraded
from tollbridge_rest.documents.writing import to_json, to_yaml

__all__ = [
    "Answered",
    "Asked",
    "BadDocument",
    "Checking",
    "Document",
    "Finding",
    "Found",
    "Mocked",
    "Mocks",
    "Operation",
    "Paths",
    "Preferred",
    "Requests",
    "Responses",
    "changes",
    "document_of",
    "fetch_document",
    "problems_of",
    "publish",
    "read_document",
    "read_prefer",
    "to_json",
    "to_yaml",
    "upgraded",
]
