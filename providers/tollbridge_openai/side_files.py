"""Files and batches (https://platform.openai.com/docs/api-reference/files and /batch, read 2026-11).

They name no model. They go to the one provider the operator names for them, under its account: everybody who has the
scope sees everybody's files. A batch calls the models that its file names, so that it needs a token for every model; it
does so by itself, where the gateway neither meters it nor counts it on a budget.
"""

from tollbridge import GatewayError
from tollbridge.formats import Operation
from tollbridge_openai.side_dialects import SideDialect


def _on(scope: str, label: str, method: str, path: str, *, form: bool = False, every_model: bool = False) -> Operation:
    return Operation(
        scope,
        label,
        method,
        path=f"/v1{path}",
        upstream=path,
        modelless=True,
        form=form,
        every_model=every_model,
    )


class FilesDialect(SideDialect):
    """`/v1/files` and `/v1/batches`.  Answers pass as they come, for a file may be long."""

    name = "openai-files"
    stream_type = b""
    keep_alive = b""
    operations = (
        _on("ai:files", "files", "GET", "/files"),
        _on("ai:files", "file_upload", "POST", "/files", form=True),
        _on("ai:files", "file", "GET", "/files/{id}"),
        _on("ai:files", "file_delete", "DELETE", "/files/{id}"),
        _on("ai:files", "file_content", "GET", "/files/{id}/content"),
        _on("ai:batches", "batches", "GET", "/batches"),
        _on("ai:batches", "batch_create", "POST", "/batches", every_model=True),
        _on("ai:batches", "batch", "GET", "/batches/{id}"),
        _on("ai:batches", "batch_cancel", "POST", "/batches/{id}/cancel"),
    )

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return b""
