"""Flows: with the hire saga, the only place that calls several domains in one transaction. A domain never imports another; they meet here.

Locks are taken in one order everywhere: hire saga, job, openings, application, offer.
Two flows wait for each other, they never block each other.
"""
