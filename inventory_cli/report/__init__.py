"""The page that `inventory report` writes: its tables, its text, and how it gets its name."""
