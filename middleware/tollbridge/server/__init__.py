"""The HTTP/1.1 that callers meet: a protocol for uvicorn, on llhttp's grammar."""
