"""Time to hire: how many days until an open opening is filled (metric T5). The champion and its rivals."""

TABLES = ("features.features_time_to_hire", "marts.mart_time_to_fill")
