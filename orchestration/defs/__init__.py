"""Assets by stage of the pipeline: raw, dbt, private, training, publishing."""
