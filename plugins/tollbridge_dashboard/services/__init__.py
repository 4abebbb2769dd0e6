"""Services: found, begun, changed, released, published, and ended."""
