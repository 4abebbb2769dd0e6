import pytest

from tollbridge_signin.agents import named

MOZILLA = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) {}"


@pytest.mark.parametrize(
    ("system", "browser", "said"),
    [
        ("X11; Linux x86_64", "Chrome/141.0.0.0 Safari/537.36", "Chrome · Linux"),
        ("Windows NT 10.0; Win64; x64", "Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", "Edge · Windows"),
        ("Macintosh; Intel Mac OS X 10_15_7", "Version/18.0 Safari/605.1.15", "Safari · macOS"),
        ("iPhone; CPU iPhone OS 18_0 like Mac OS X", "Version/18.0 Mobile/15E148 Safari/604.1", "Safari · iPhone"),
        ("Linux; Android 10; K", "Chrome/141.0.0.0 Mobile Safari/537.36", "Chrome · Android"),
        (
            "Linux; Android 13",
            "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile",
            "Samsung Internet · Android",
        ),
        ("X11; CrOS x86_64 14541.0.0", "Chrome/141.0.0.0 Safari/537.36", "Chrome · ChromeOS"),
    ],
)
def test_browser_is_named_with_its_system(system, browser, said):
    assert named(MOZILLA.format(system, browser)) == said


def test_other_browsers_are_named_as_they_say():
    assert named("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0") == "Firefox · Linux"
    assert named("curl/8.11.0") == "curl/8.11.0"
    assert named(" a\x00b\u202ec " + "d" * 100) == "abc " + "d" * 56
    assert named("") == ""
