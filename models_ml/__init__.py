"""Models of time to hire and candidate success: features in, calibrated predictions out.

What belongs here: feature contracts, splits, baselines, training, evaluation, the gate, the registry and the bundle that
serving loads. What doesn't: SQL (features come from dbt), HTTP (serving), schedules (orchestration). Only ``registry``
imports mlflow; a bundle is read without mlflow or pandas.
"""
