"""Knows what the third version of the schema adds, written out as SQL.

Batches have details, and one that ends the ledger is the last; a ledger that follows on another has
the ids that it takes over. Must never know what the rows mean.
"""

# Not shipped yet: what else this version needs goes in here.
DETAILS_AND_IDS = """
ALTER TABLE batches ADD COLUMN details TEXT;

DROP TRIGGER batches_next;
CREATE TRIGGER batches_next BEFORE INSERT ON batches
WHEN NEW.batch IS NOT (SELECT coalesce(max(batch), 0) + 1 FROM batches)
  OR EXISTS (SELECT 1 FROM batches WHERE batch = NEW.batch - 1 AND instr(details, '"ended_by":'))
BEGIN SELECT RAISE(ABORT, 'a batch is appended with the next number, to a log that goes on'); END;

CREATE INDEX batches_by_sharing ON batches (batch) WHERE instr(details, '"shared":');

CREATE INDEX events_by_description ON events (sku, effective_at) WHERE location = '';

CREATE TABLE carried_ids (
    id TEXT NOT NULL,
    ledger INTEGER NOT NULL,
    position INTEGER NOT NULL,
    effective_at TEXT NOT NULL,
    date_only INTEGER NOT NULL,
    content_sha256 TEXT NOT NULL,
    voided_by INTEGER,
    PRIMARY KEY (id, ledger, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER carried_ids_first BEFORE INSERT ON carried_ids
WHEN EXISTS (SELECT 1 FROM batches)
BEGIN SELECT RAISE(ABORT, 'ids are carried before the first batch, and none later'); END;

CREATE TRIGGER carried_ids_no_update BEFORE UPDATE ON carried_ids
BEGIN SELECT RAISE(ABORT, 'the log is append-only: carried_ids cannot be changed or deleted'); END;

CREATE TRIGGER carried_ids_no_delete BEFORE DELETE ON carried_ids
BEGIN SELECT RAISE(ABORT, 'the log is append-only: carried_ids cannot be changed or deleted'); END;
"""
