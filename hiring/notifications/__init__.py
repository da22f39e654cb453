"""The notification service: tells people by e-mail, SMS and push what happened, and nothing else. It could run on another machine.

It learns what happened, and whom it concerns (an id), from the event bus alone. Addresses and names are fetched from the core at the
moment of sending (``POST /internal/contacts``), never stored, never logged. It reports what it sent as ``MESSAGE_SENT``.

Its stations (intake, one sender a channel) run in its own process by default: a slow mail server must not hold up the relay or a
saga, and mail passwords and people's addresses stay with whoever sends. They are stations like all others, on the same loop and the
same SKIP LOCKED queue: ``nexus worker --only deliver`` is one more sender, ``nexus worker --deliver`` a worker that does everything.

What belongs here: rules (which event tells whom what), texts, channels, preferences, dead letters. What doesn't: any other domain's
table, and when a thing happens.
"""
