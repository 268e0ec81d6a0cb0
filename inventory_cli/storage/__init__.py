"""The only place that knows SQL: the file, its schema, its hash chain, what is read and written."""
