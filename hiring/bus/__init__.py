"""The event bus: outbox → relay → log (and RabbitMQ, by setting) → consumers. News travels here; no domain calls another.

What belongs here: moving events, their envelope and payload schemas, offsets, replay. What doesn't: what a consumer does with an
event (its own package), which events there are (``hiring/domain_events.py``).
"""
