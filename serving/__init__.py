"""The prediction and metrics API.

What belongs here: HTTP, the hot path of a prediction, its log. What doesn't: training, metric formulas.
"""
