"""Services: what is published, from the first draft to its end."""
