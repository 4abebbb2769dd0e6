"""Commands of the admin API: one file an object, each written against paths and JSON (`reaching`)."""
