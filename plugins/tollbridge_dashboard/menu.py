"""The screens of the dashboard, and their places in the menu."""

from tollbridge import MenuEntry, Screen

PACKAGE = "tollbridge_dashboard"
_TOKENS = "admin:tokens:read"
_TEAMS = "admin:teams:read"
_USAGE = "admin:usage:read"
_SERVICES = "admin:services:read"


def _screen(name: str, entry: MenuEntry, *, searched: bool = False) -> Screen:
    """Give a screen that is a module of its own name, with one entry."""
    search = f"{PACKAGE}.{name}:search" if searched else None
    return Screen(name=name, package=PACKAGE, make=f"{PACKAGE}.{name}:make", menu=(entry,), search=search)


SCREENS = (
    Screen(
        name="home",
        package=PACKAGE,
        make="tollbridge_dashboard.home:make",
        menu=(MenuEntry(title="Home", path="/", icon="home", order=0, scope=_TOKENS, whole=True, key="h"),),
    ),
    Screen(
        name="usage",
        package=PACKAGE,
        make=f"{PACKAGE}.usage.screen:make",
        menu=(
            MenuEntry(title="Usage and cost", path="/usage", icon="chart", order=100, scope=_USAGE, key="u"),
            MenuEntry(title="My usage", path="/my/usage", icon="chart", order=110, own=True),
        ),
    ),
    Screen(
        name="log",
        package=PACKAGE,
        make=f"{PACKAGE}.usage.log:make",
        search=f"{PACKAGE}.usage.log:search",
        menu=(
            MenuEntry(title="Request log", path="/log", icon="list", order=200, scope=_USAGE, key="l"),
            MenuEntry(title="My requests", path="/my/log", icon="list", order=210, own=True),
        ),
    ),
    Screen(
        name="tokens",
        package=PACKAGE,
        make="tollbridge_dashboard.tokens:make",
        search="tollbridge_dashboard.tokens:search",
        menu=(
            MenuEntry(title="Tokens", path="/tokens", icon="key", group="Access", order=100, scope=_TOKENS, key="t"),
        ),
    ),
    _screen(
        "approvals",
        MenuEntry(
            title="Approvals",
            path="/approvals",
            icon="check",
            group="Access",
            order=50,
            scope="admin:subscriptions:write",
            count=f"{PACKAGE}.approvals:count",
        ),
    ),
    _screen(
        "audit",
        MenuEntry(
            title="Audit log",
            path="/audit",
            icon="book",
            group="System",
            order=100,
            scope="admin:audit:read",
            whole=True,
        ),
    ),
    _screen(
        "applications",
        MenuEntry(
            title="Applications",
            path="/applications",
            icon="apps",
            group="Access",
            order=120,
            scope="admin:applications:read",
        ),
        searched=True,
    ),
    _screen(
        "my_tokens",
        MenuEntry(title="My tokens", path="/my/tokens", icon="key", group="Access", order=110, own=True),
    ),
    Screen(
        name="teams",
        package=PACKAGE,
        make="tollbridge_dashboard.teams:make",
        search="tollbridge_dashboard.teams:search",
        menu=(MenuEntry(title="Teams", path="/teams", icon="people", group="Access", order=200, scope=_TEAMS),),
    ),
    Screen(
        name="services",
        package=PACKAGE,
        make="tollbridge_dashboard.services.screen:make",
        search="tollbridge_dashboard.services.screen:search",
        menu=(MenuEntry(title="Services", path="/services", icon="box", group="Build", order=100, scope=_SERVICES),),
    ),
    Screen(
        name="prompts",
        package=PACKAGE,
        make="tollbridge_dashboard.prompts.screen:make",
        menu=(MenuEntry(title="Prompt APIs", path="/prompts", icon="pen", group="Build", order=200, scope=_SERVICES),),
    ),
    _screen(
        "people",
        MenuEntry(title="People", path="/people", icon="face", group="Access", order=210, scope="admin:people:read"),
        searched=True,
    ),
    _screen(
        "roles",
        MenuEntry(title="Roles", path="/roles", icon="badge", group="Access", order=220, scope="admin:roles:read"),
    ),
    _screen(
        "limits",
        MenuEntry(title="Budgets and limits", path="/limits", icon="purse", group="Access", order=300, scope=_TOKENS),
    ),
    _screen(
        "explain",
        MenuEntry(title="Explain", path="/explain", icon="ask", order=400, scope="admin:explain:read"),
    ),
    _screen(
        "models",
        MenuEntry(title="Models", path="/models", icon="chip", group="Build", order=300, scope="admin:models:read"),
        searched=True,
    ),
    _screen(
        "providers",
        MenuEntry(
            title="Providers", path="/providers", icon="route", group="Build", order=310, scope="admin:providers:read"
        ),
        searched=True,
    ),
    _screen(
        "clients",
        MenuEntry(title="Clients", path="/clients", icon="apps", group="Access", order=250, scope="admin:clients:read"),
        searched=True,
    ),
    _screen(
        "webhooks",
        MenuEntry(
            title="Webhooks", path="/webhooks", icon="bell", group="System", order=200, scope="admin:webhooks:read"
        ),
    ),
    _screen(
        "jobs",
        MenuEntry(
            title="Jobs", path="/jobs", icon="cycle", group="System", order=300, scope="admin:jobs:read", whole=True
        ),
    ),
    _screen(
        "plugins",
        MenuEntry(
            title="Plugins",
            path="/plugins",
            icon="plug",
            group="System",
            order=400,
            scope="admin:plugins:read",
            whole=True,
        ),
    ),
    _screen(
        "settings",
        MenuEntry(
            title="Settings",
            path="/settings",
            icon="gear",
            group="System",
            order=500,
            scope="admin:settings:read",
            whole=True,
        ),
    ),
)
