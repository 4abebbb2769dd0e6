"""Usage and cost, and the log of calls."""
