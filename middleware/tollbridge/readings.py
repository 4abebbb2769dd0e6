"""What the configuration says, as those take it who are made of it."""

from tollbridge.config import Config
from tollbridge.metering.budgets import Budgets
from tollbridge.money import parse_usd, to_nano
from tollbridge.tokens.model import TokenBudget, TokenLimits
from tollbridge.transport.base import Timeouts


def timeouts_of(config: Config) -> Timeouts:
    """Give the timeouts of `[upstream]`."""
    upstream = config.upstream
    return Timeouts(
        connect_s=upstream.connect_timeout_s,
        first_byte_s=upstream.first_byte_timeout_s,
        idle_s=upstream.idle_timeout_s,
        total_s=upstream.total_timeout_s,
    )


def limits_of(config: Config) -> TokenLimits:
    """Give the defaults of `[limits]`; 0 there is no limit."""
    limits = config.limits
    return TokenLimits(
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        concurrency=limits.concurrency,
    )


def budgets_of(config: Config) -> Budgets:
    """Give the budgets of `[budgets]`."""
    budgets = config.budgets

    def of(daily: str, monthly: str) -> tuple[TokenBudget, ...]:
        given = (("day", daily), ("month", monthly))
        return tuple(TokenBudget(to_nano(parse_usd(usd)), period) for period, usd in given if usd)

    return Budgets(
        bridge=of(budgets.daily_usd, budgets.monthly_usd),
        token=of(budgets.token_daily_usd, budgets.token_monthly_usd),
    )


def issuer_of(config: Config) -> str:
    """Give the name under which the gateway signs: the URL that others reach it at."""
    server = config.server
    return server.public_url or f"http://{server.host}:{server.port}"
