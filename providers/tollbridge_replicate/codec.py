"""The codec of predictions of language models."""

from tollbridge import GatewayError
from tollbridge.formats import ConversationCodec, Fields, decode_json, failure
from tollbridge_replicate.answers import read_response, write_response
from tollbridge_replicate.reading import NAME, read_request
from tollbridge_replicate.streams import PredictionReader, PredictionWriter
from tollbridge_replicate.writing import write_request


def read_error(status: int, body: bytes) -> GatewayError:
    """Read a refusal: a problem's title and detail (RFC 7807), and which inputs do not fit."""
    try:
        found = Fields(decode_json(body), wrong=None)
    except GatewayError:
        found = Fields({}, wrong=None)
    fields = found.each("invalid_fields")
    detail, title = found.text("detail") or "", found.text("title") or ""
    return failure(status, detail or title, param=fields[0].text("field") if fields else None)


PREDICTIONS_CODEC = ConversationCodec(
    name=NAME,
    spelled={"max_output": "input.max_tokens", "stop": "input.stop_sequences"},
    read_request=read_request,
    write_request=write_request,
    read_response=read_response,
    write_response=write_response,
    stream_reader=PredictionReader,
    stream_writer=PredictionWriter,
    read_error=read_error,
)
