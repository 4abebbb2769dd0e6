"""Scopes of the admin API that pages ask for."""

READ, WRITE = "admin:tokens:read", "admin:tokens:write"
