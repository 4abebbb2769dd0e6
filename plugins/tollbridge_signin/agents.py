"""What a browser calls itself, in two words: for people to know their own again, and for nothing else."""

_BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
_LONGEST = 60


def named(agent: str) -> str:
    """Name browser and system, of each the first that fits; else the text's beginning, empty for none."""
    browser = next((name for part, name in _BROWSERS.items() if part in agent), "")
    system = next((name for part, name in _SYSTEMS.items() if part in agent), "")
    found = " · ".join(filter(None, (browser, system)))
    plain = "".join(char for char in agent if char.isprintable()).strip()
    return found or plain[:_LONGEST]
