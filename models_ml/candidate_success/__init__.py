"""Candidate success: is the applicant hired, and does a hired one succeed (two stages, both calibrated)."""
