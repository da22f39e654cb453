"""Migration of an earlier system: its hiring log goes into the core through the core's own services, and back while both run.

What belongs here: reading the log, replaying it, quarantine, reconciliation, rollback and the dual-write window. What doesn't: rules of
a domain (its services refuse, this package keeps what they refused), and imports into the warehouse (``nexus import``).
"""
