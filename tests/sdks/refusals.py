"""What providers say when they refuse, each in its own words; invented, after what was recorded."""

from typing import Any

_WORDS = {
    400: ("invalid_request_error", "INVALID_ARGUMENT", "the request is not valid"),
    401: ("authentication_error", "UNAUTHENTICATED", "the key is not valid"),
    404: ("not_found_error", "NOT_FOUND", "there is no such model"),
    429: ("rate_limit_error", "RESOURCE_EXHAUSTED", "too many requests"),
    500: ("api_error", "INTERNAL", "something went wrong"),
    529: ("overloaded_error", "UNAVAILABLE", "overloaded"),
}


def openai_refusal(status: int) -> Any:
    kind, _, message = _WORDS[status]
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def anthropic_refusal(status: int) -> Any:
    kind, _, message = _WORDS[status]
    return {"type": "error", "error": {"type": kind, "message": message}}


def google_refusal(status: int) -> Any:
    _, word, message = _WORDS[status]
    return {"error": {"code": status, "message": message, "status": word}}


def mistral_refusal(status: int) -> Any:
    kind, _, message = _WORDS[status]
    return {"object": "error", "message": message, "type": kind, "param": None, "code": str(status)}


def cohere_refusal(status: int) -> Any:
    return {"message": _WORDS[status][2]}


_AMAZON = {
    400: "ValidationException",
    401: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
    529: "ServiceUnavailableException",
}


def amazon_refusal(status: int) -> Any:
    return {"__type": _AMAZON[status], "message": _WORDS[status][2]}


def ollama_refusal(status: int) -> Any:
    return {"error": _WORDS[status][2]}


def voyage_refusal(status: int) -> Any:
    return {"detail": _WORDS[status][2]}
