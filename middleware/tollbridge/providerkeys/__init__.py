"""Keys of providers that the database keeps: set, changed and removed while calls run, and never given back."""
