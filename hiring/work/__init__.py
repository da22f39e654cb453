"""The worker: one loop for everything that happens after a request: moving events, consuming them, deliveries, jobs, saga ticks.

What belongs here: the loop, the queue on a table, back-off. What doesn't: what a piece of work does (its own package).
"""
