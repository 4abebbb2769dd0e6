"""The way to the models."""
