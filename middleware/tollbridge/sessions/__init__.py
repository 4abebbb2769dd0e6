"""Sessions: who signed in with a browser, from when and until when."""

from tollbridge.sessions.service import BegunSession, Browser, Sessions
from tollbridge.signinsettings import GroupRole, OidcConfig
from tollbridge.stores.sessions import Session

__all__ = ["BegunSession", "Browser", "GroupRole", "OidcConfig", "Session", "Sessions"]
