"""Fixtures of the page tests alone: starting them costs imports that other tests need not pay."""

from tests.support.dashboard_stack import chromium, dashboard_stack

__all__ = ["chromium", "dashboard_stack"]
