"""The audit log: append-only rows of who did what, or was refused, why and when."""
