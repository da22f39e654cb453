"""Gates on the raw layer: does what was loaded say what the product relies on?

What belongs here: content of raw rows and whole-table truths. What doesn't: shape (ingestion's guards), transformed tables (dbt's tests).
Importing the package is cheap; importing its modules loads Great Expectations, which takes seconds.
"""
