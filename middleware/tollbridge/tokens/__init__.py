"""Who calls: tokens, their secrets, their scopes."""
