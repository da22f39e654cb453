"""The analytical database: names, connections and publishing. The only importer of duckdb; knows nothing of where rows come from."""
