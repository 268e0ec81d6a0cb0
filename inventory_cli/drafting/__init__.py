"""A profile for an unknown file, as far as the file itself can tell. Knows no SQL."""
