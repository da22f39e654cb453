"""One module a metric family: each maps metric ids to a function from scoped rows to an unfinished answer."""
