"""Candidate success: is the applicant hired, and does a hired one succeed (two stages, both calibrated)."""

TABLES = ("features.features_candidate_success", "marts.fct_applications", "marts.mart_hire_outcomes")
