"""The log of a ledger that is shared: it lies in PostgreSQL, and a file is a verified replica."""
