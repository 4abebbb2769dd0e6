"""Webhooks: what happens here is told to others, signed by the Standard Webhooks specification."""
