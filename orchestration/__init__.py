"""Dagster: which step runs when, and what blocks what.

What belongs here: assets, checks, schedules and the calls into the floors below. What doesn't: SQL, formulas, models.
"""
