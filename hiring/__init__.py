"""The hiring core: transactional API over Postgres. Reads and writes the source model; knows nothing of warehouses or pages."""
