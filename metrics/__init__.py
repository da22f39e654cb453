"""The one implementation of every metric: API, pages, command line and board report call ``metrics.evaluate.evaluate``.

What belongs here: dividing, estimating, intervals, display rules. What doesn't: building marts (dbt) or opening files (warehouse).
"""
