"""Proves that what is stored still equals what the log says. Composes core and storage."""
