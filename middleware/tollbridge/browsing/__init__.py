"""What pages for people are made of: where a browser finds them, their cookies, their look, and what guards them.

There is no page here. The dashboard, sign-in and consent each have their own, and share this.
"""

from tollbridge.browsing.assets import Assets
from tollbridge.browsing.cookies import SESSION, THEME, read_cookie, set_cookie
from tollbridge.browsing.forms import read_form
from tollbridge.browsing.origin import from_here
from tollbridge.browsing.paths import sign_in_path, way_back
from tollbridge.browsing.place import Place, root
from tollbridge.browsing.rendering import THEMES, Renderer, here
from tollbridge.browsing.shield import Shield, policy

__all__ = [
    "SESSION",
    "THEME",
    "THEMES",
    "Assets",
    "Place",
    "Renderer",
    "Shield",
    "from_here",
    "here",
    "policy",
    "read_cookie",
    "read_form",
    "root",
    "set_cookie",
    "sign_in_path",
    "way_back",
]
