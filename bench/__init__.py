"""Benchmarks: `python -m bench NAME`.  They print `name value unit` and judge nothing; no test times anything."""
