"""An event-sourced stock ledger: every movement is an event, everything else is replayed."""

__version__ = "0.1.0"
