"""Shipped configuration, data only: read it with `importlib.resources`, never import it for names."""
