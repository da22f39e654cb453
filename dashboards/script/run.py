"""Runs once per interaction: draws the page for whoever is signed in."""

from dashboards import shell

shell.main()
