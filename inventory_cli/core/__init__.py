"""The ledger's logic: values in, values out. No SQL, no clock, no files, no printing.

A hint may name a command: advice belongs to the refusal that it goes with.
"""
