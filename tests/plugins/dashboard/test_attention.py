"""What Home says needs somebody, by name and with the figure."""

import re

from tests.plugins.dashboard.conftest import Visitor

from tollbridge import EVERY_MODEL, TokenBudget
from tollbridge.errors import UpstreamUnreachable

COST = 450_000
"""What one call of `gpt-4o-mini` costs, nano-dollars."""


async def spend(visit: Visitor, name: str, budget: TokenBudget | None) -> None:
    issued = await visit.under.gateway.tokens.issue(name=name, scopes=EVERY_MODEL, budget=budget)
    visit.under.clock.advance(1)
    assert (await visit.under.chat("gpt-4o-mini", token=issued.secret, max_tokens=10)).status_code == 200


def strip(page: str) -> list[str]:
    """Give the lines of the strip as they read."""
    found = re.search(r'<section class="attention".*?</section>', page, re.DOTALL)
    if found is None:
        return []
    lines = re.findall(r"<li>(.*?)</li>", found[0], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", line).replace("&#39;", "'").split()) for line in lines]


async def test_tokens_over_and_near_their_budget_are_named_with_the_figure(visit) -> None:
    await spend(visit, "half", TokenBudget(2 * COST))
    await spend(visit, "sandbox", TokenBudget(COST))
    await spend(visit, "nightly", TokenBudget(COST + COST // 9, "day"))
    await spend(visit, "beyond", TokenBudget(COST - 1, "total"))

    page = (await visit.get("/")).text

    assert strip(page) == [
        "2 tokens over budget: beyond $0.00045 of $0.00045 in all, sandbox $0.00045 of $0.00045 this month",
        "1 token near budget: nightly $0.00045 of $0.0005 today",
    ]
    assert "3 things need you" in page
    assert 'href="/_tollbridge/tokens?state=over-budget"' in page
    assert 'href="/_tollbridge/tokens?state=near-budget"' in page


async def test_default_budget_counts_as_the_tokens_own(mock) -> None:
    visit = await Visitor(mock(budgets={"unpriced": "allow", "token_monthly_usd": "0.00045"})).sign_in()
    await spend(visit, "sandbox", None)

    assert strip((await visit.get("/")).text) == [
        "1 token over budget: sandbox $0.00045 of $0.00045 this month",
    ]


async def test_three_are_named_and_the_others_counted(visit) -> None:
    for number in range(5):
        await spend(visit, f"job-{number}", TokenBudget(COST))

    (line,) = strip((await visit.get("/")).text)

    assert line.startswith("5 tokens over budget: job-4 ")
    assert line.endswith("job-2 $0.00045 of $0.00045 this month, and 2 more")


async def test_bridges_own_budget_is_said_before_it_is_spent(mock) -> None:
    visit = await Visitor(mock(budgets={"daily_usd": "0.0005", "monthly_usd": "1"})).sign_in()
    await spend(visit, "any", None)

    page = (await visit.get("/")).text

    assert strip(page) == ["The bridge's budget today: $0.00045 of $0.0005 spent"]
    assert 'budget $0.0005 a day, <b class="warn">90.0 %</b> used' in page
    assert "budget $1.00 a month, <b><0.1 %</b> used" in page.replace("&lt;", "<")


async def test_provider_that_fails_now_is_named_and_an_earlier_failure_is_a_share_of_the_day(visit) -> None:
    for _ in range(3):
        await visit.under.chat("gpt-4o-mini")
    visit.under.upstream.fail(UpstreamUnreachable("no route"))
    await visit.under.chat("gpt-4o-mini")

    now = (await visit.get("/")).text
    visit.under.clock.advance(7200)
    later = (await visit.get("/")).text

    assert strip(now) == ["mock fails 25.0 % of its calls, last hour"]
    assert strip(later) == ["25.0 % of the calls of 24 h failed"]
    assert '<span class="pill bad">75.0 % passed</span>' in now
    assert "No calls in the last hour." in later
