"""Secrets that change by themselves, and are handed over to where they are used."""
