"""Other people's files become drafts: bytes → records → rows → one batch. Knows no SQL."""
