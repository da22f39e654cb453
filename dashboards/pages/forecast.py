"""Forecast: when each open job will be filled, and how far such a forecast has been right."""

from dashboards import filters
from dashboards.panels import forecasts
from dashboards.panels.panel import page_foot
from dashboards.scope import Insights


def render(insights: Insights) -> None:
    """Draw the page."""
    choice = filters.row(insights, "Forecast", period=False)
    forecasts.open_jobs(choice)
    forecasts.accuracy(insights)
    forecasts.scorecard(insights)
    page_foot(choice.insights)
