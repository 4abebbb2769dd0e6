"""A refusal of who shows a credential that will not do."""

from collections.abc import Mapping

from tollbridge import Unauthenticated


def refused(message: str, why: str, headers: Mapping[str, str]) -> Unauthenticated:
    """Make a 401 with these headers; `why` is for the log alone."""
    error = Unauthenticated(message)
    error.extra_headers.update(headers)
    error.detail = why
    return error
