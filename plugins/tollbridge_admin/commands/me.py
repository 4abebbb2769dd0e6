"""`tollbridge me`: who asks, and what it may do."""

from tollbridge.cli.output import print_json, print_table
from tollbridge_admin.commands.reaching import ConfigOption, JsonOption, Reaching, TokenOption, UrlOption


def me(config: ConfigOption = None, url: UrlOption = "", token: TokenOption = "", as_json: JsonOption = False) -> None:
    """Show who asks: the token, and what it may do with the admin API."""
    with Reaching(config, url, token) as api:
        found = api.ask("GET", "/me")
    if as_json:
        print_json(found)
        return
    words = ("id", "name", "kind", "owner", "team", "environment")
    rows = [[word, str(found[word]) or "-"] for word in words]
    rows += [["scopes", " ".join(found["scopes"])]]
    rows += [["within", " ".join(bound)] for bound in found["within"]]
    rows += [["may", " ".join(found["operations"])]]
    print_table("You", ("", ""), rows, empty="")
