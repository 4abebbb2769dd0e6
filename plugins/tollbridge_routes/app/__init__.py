"""The kind `app`: routes of the app that the gateway wraps, as a service."""
