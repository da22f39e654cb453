"""Invents the hiring life of a network of schools: history in bulk, or live through the hiring API.

What belongs here: the generative model, its dirt and its answer key. What doesn't: anything that reads the warehouse, and any import of
the hiring core — the source is known by its tables alone.
"""

from simulator.live import LiveFailed, live
from simulator.simulation import SimulationMismatch, SimulationReport, simulate

__all__ = ["LiveFailed", "SimulationMismatch", "SimulationReport", "live", "simulate"]
