"""The kind `app`: routes of the app that the gateway wraps, as a service."""

from tollbridge_routes.app.drafting import draft_of

__all__ = ["draft_of"]
