"""Organisations, users, memberships, sessions and API keys: who there is and how they prove it."""
