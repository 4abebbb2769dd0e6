"""Predictions, both ways: the object Replicate answers with, whole or not yet done.

https://replicate.com/docs/topics/predictions/lifecycle (read 2026-11). The counts of tokens have two spellings in the
wild, and models that are charged by time have none.
"""

from datetime import UTC, datetime

import msgspec

from tollbridge import GatewayError, UpstreamError, Usage
from tollbridge.formats import (
    JSON,
    Choice,
    Fields,
    Notes,
    Refusal,
    Request,
    Response,
    Stop,
    Text,
    Unfinished,
    add_extras,
    decode_json,
    encode_json,
    failure,
    json_text,
    present,
)
from tollbridge_replicate.families import LIMITS
from tollbridge_replicate.reading import NAME
from tollbridge_replicate.writing import write_request

WAITING = ("starting", "processing")
_ENDED = ("canceled", "aborted")
_LATE = "the model did not answer within the time its provider waits for it"
_COUNTS = (("input_token_count", "token_input_count"), ("output_token_count", "token_output_count"))


def unfinished(body: bytes) -> Unfinished | None:
    """Give where a prediction that is not done can be asked for again, and given up; None for anything else.

    What is written already is counted in letters.
    """
    try:
        found = Fields(decode_json(body, wrong=UpstreamError), wrong=None)
    except GatewayError:
        return None
    urls = found.inner("urls") if found.peek("status") in WAITING else None
    if urls is None:
        return None
    url = urls.text("get")
    written = sum(map(len, pieces_of(found.peek("output")) or ()))
    return Unfinished(url, urls.text("cancel") or "", written) if url else None


def pieces_of(output: JSON) -> list[str] | None:
    """Give the pieces of text a model wrote; None for an output that is no text."""
    if isinstance(output, list) and all(isinstance(piece, str) for piece in output):
        return output
    return [output] if isinstance(output, str) else None


def read_response(body: bytes, notes: Notes) -> Response:
    """Read a prediction; raises `UpstreamError` for one that failed, `UpstreamTimeout` for one that is not done."""
    return read_prediction(decode_json(body, wrong=UpstreamError, what="the provider's answer"))


def read_prediction(value: JSON) -> Response:
    """Read the object that a prediction is; raises as `read_response` does."""
    found = Fields(value, wrong=None)
    status = found.text("status")
    if status in WAITING:
        raise failure(504, _LATE, code="prediction_pending")
    if status != "succeeded":
        raise _failed(found, status)
    found.take("error")
    metrics = found.members("metrics")
    usage = read_usage(metrics)
    output = found.take("output")
    stop = Stop.LENGTH if _is_cut(found.peek("input"), usage) else Stop.END
    return Response(
        origin=NAME,
        id=found.text("id") or "",
        model=found.text("model") or "",
        created=read_time(found),
        choices=(Choice(parts=_read_output(output), stop=stop, said=status),),
        usage=usage,
        wire_usage=metrics,
        extras=found.rest(),
    )


def _failed(found: Fields, status: str | None) -> GatewayError:
    if status is None:
        return UpstreamError("the provider's answer is no prediction")
    said = found.take("error")
    message = (
        said if isinstance(said, str) and said else f"the prediction did not succeed: its status is {status[:40]!r}"
    )
    if status in _ENDED:
        return failure(502, message, code="prediction_canceled")
    return failure(502, message, code="prediction_failed")


def _read_output(output: JSON) -> tuple[Text, ...]:
    """Read what a model gave: pieces of text are put together, anything else is shown as JSON."""
    if output is None:
        return ()
    pieces = pieces_of(output)
    text = json_text(output) if pieces is None else "".join(pieces)
    return (Text(text=text),) if text else ()


def _is_cut(given: JSON, usage: Usage | None) -> bool:
    """Whether as many tokens were written as were allowed, which is all there is to tell by."""
    if usage is None or not isinstance(given, dict):
        return False
    limits = [given[name] for name in LIMITS if isinstance(given.get(name), int)]
    return bool(limits) and 0 < limits[0] <= usage.output


def read_time(found: Fields) -> int | None:
    """Take `created_at`; a time that is none of ours to understand stays."""
    said = found.peek("created_at")
    try:
        return int(datetime.fromisoformat(said).timestamp()) if isinstance(said, str) else None
    except (ValueError, OverflowError):
        return None


def write_failure(error: GatewayError, id_: str) -> bytes:
    """Write a prediction that failed."""
    return encode_json({"id": id_, "status": "failed", "output": None, "error": error.message, "urls": {}, "logs": ""})


def read_usage(metrics: JSON) -> Usage | None:
    """Read the counts of tokens among the metrics; None where there are none."""
    found = Fields(metrics, wrong=None)
    read = [next((found.whole(name) for name in names if name in found), None) for names in _COUNTS]
    if read == [None, None]:
        return None
    return Usage(input=max(0, read[0] or 0), output=max(0, read[1] or 0))


class _Answer(msgspec.Struct):
    metrics: dict[str, JSON] | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a prediction as it passes; raises msgspec's errors."""
    return read_usage(_decode(body).metrics)


def write_response(response: Response, request: Request, notes: Notes) -> bytes:
    """Write a prediction that succeeded, for a caller of Replicate's API."""
    native = response.origin == NAME
    choice = response.choices[0] if response.choices else Choice()
    metrics = response.wire_usage if native else None
    if metrics is None and response.usage is not None:
        usage = response.usage
        metrics = {"input_token_count": usage.input_total, "output_token_count": usage.output_total}
    members: dict[str, JSON] = {"id": response.id, "model": response.model}
    if not native:
        members["input"] = decode_json(write_request(request, notes))["input"] if request.origin == NAME else {}
        members.update(present(created_at=_moment(response.created, notes.now), version="hidden", urls={}, logs=""))
    members.update(present(output=_write_output(choice, notes), metrics=metrics))
    members["status"] = "succeeded"
    if native:
        return encode_json(add_extras(members, response.extras))
    members["error"] = None
    if len(response.choices) > 1:
        notes.drop("choices")
    notes.drop_given(finish_reason=choice.said if choice.stop not in (None, Stop.END) else None)
    notes.drop_extras(choice.extras, "choices[]")
    notes.drop_extras(response.extras)
    return encode_json(members)


def _moment(seconds: int | None, now: int) -> str:
    """Write a time; one that no calendar has is now."""
    try:
        return datetime.fromtimestamp(now if seconds is None else seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(now, UTC).isoformat()


def _write_output(choice: Choice, notes: Notes) -> list[JSON]:
    for part in choice.parts:
        if not isinstance(part, Text | Refusal):
            notes.drop(f"output.{part.__struct_config__.tag}")
    return [part.text for part in choice.parts if isinstance(part, Text | Refusal) and part.text]
