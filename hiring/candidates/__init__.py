"""Candidates, their credentials and consents: the only home of personal data."""
