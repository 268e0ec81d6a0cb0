"""The ledger's logic: values in, values out. No SQL, no clock, no files, no printing."""
