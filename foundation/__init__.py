"""Settings, clock, logs and access decisions. Knows nothing of hiring tables or warehouses."""
