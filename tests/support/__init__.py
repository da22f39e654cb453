"""Shared fixtures and machinery of the tests."""
