"""The error for an answer that cannot be masked, and so is not sent."""

from tollbridge import UpstreamError


class AnswerNotMasked(UpstreamError):
    """An answer is there, and cannot be masked."""

    code, retry = "answer_not_masked", False
