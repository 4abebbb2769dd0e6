"""Files and batches: which paths they are, and what they need."""

from tollbridge import UpstreamError
from tollbridge_openai.side_files import FilesDialect

FILES = FilesDialect()


def test_operations_are_openais_paths_each_with_its_scope() -> None:
    assert [(op.method, op.path, op.scope) for op in FILES.operations] == [
        ("GET", "/v1/files", "ai:files"),
        ("POST", "/v1/files", "ai:files"),
        ("GET", "/v1/files/{id}", "ai:files"),
        ("DELETE", "/v1/files/{id}", "ai:files"),
        ("GET", "/v1/files/{id}/content", "ai:files"),
        ("GET", "/v1/batches", "ai:batches"),
        ("POST", "/v1/batches", "ai:batches"),
        ("GET", "/v1/batches/{id}", "ai:batches"),
        ("POST", "/v1/batches/{id}/cancel", "ai:batches"),
    ]
    assert all(op.modelless and f"/v1{op.upstream}" == op.path for op in FILES.operations)


def test_only_an_upload_is_a_form_and_only_a_new_batch_needs_every_model() -> None:
    assert [op.label for op in FILES.operations if op.form] == ["file_upload"]
    assert [op.label for op in FILES.operations if op.every_model] == ["batch_create"]


def test_nothing_is_written_into_a_file_that_breaks_off() -> None:
    assert FILES.write_error_event(UpstreamError("broke"), "req_1") == FILES.keep_alive == b""
