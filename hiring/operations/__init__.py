"""How the machinery stands: queues, events, sagas, dead letters, as figures for Prometheus, the operator's page and alerts.

What belongs here: collecting and showing. What doesn't: counting a domain's rows (each owner's ``gauges.py``).
"""
