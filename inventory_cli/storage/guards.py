"""Knows the triggers that refuse what would change the log, written out as SQL.

They are rails, not security. Must never know what the rows mean.
"""


def _append_only(table: str) -> str:
    return "".join(
        f"""
CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table}
BEGIN SELECT RAISE(ABORT, 'the log is append-only: {table} cannot be changed or deleted'); END;
"""
        for action in ("UPDATE", "DELETE")
    )


# By the table that they guard.
GUARDS = {
    "ledger": _append_only("ledger")
    + """
CREATE TRIGGER ledger_no_insert BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'a file holds one ledger'); END;
""",
    "events": _append_only("events")
    + """
CREATE TRIGGER events_next BEFORE INSERT ON events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
  OR NEW.batch IS NOT (SELECT coalesce(max(batch), 0) + 1 FROM batches)
  OR (NEW.reverses IS NOT NULL
      AND EXISTS (SELECT 1 FROM events WHERE reverses = NEW.reverses))
BEGIN SELECT RAISE(ABORT, 'an event is appended at the next position, to the next batch'); END;
""",
    "batches": _append_only("batches")
    + """
CREATE TRIGGER batches_next BEFORE INSERT ON batches
WHEN NEW.batch IS NOT (SELECT coalesce(max(batch), 0) + 1 FROM batches)
BEGIN SELECT RAISE(ABORT, 'a batch is appended with the next number'); END;
""",
    "snapshots": _append_only("snapshots")
    + """
CREATE TRIGGER snapshots_next BEFORE INSERT ON snapshots
WHEN NEW.snapshot IS NOT (SELECT coalesce(max(snapshot), 0) + 1 FROM snapshots)
  OR NEW.batch IS NOT (SELECT coalesce(max(batch), 0) + 1 FROM batches)
  OR EXISTS (SELECT 1 FROM snapshots WHERE name = NEW.name OR batch = NEW.batch)
BEGIN SELECT RAISE(ABORT, 'a snapshot is appended with the next number, to the next batch'); END;
""",
    "snapshot_lines": _append_only("snapshot_lines")
    + """
CREATE TRIGGER snapshot_lines_next BEFORE INSERT ON snapshot_lines
WHEN NOT EXISTS (SELECT 1 FROM snapshots WHERE snapshot = NEW.snapshot)
  OR EXISTS (SELECT 1 FROM snapshots JOIN batches USING (batch) WHERE snapshot = NEW.snapshot)
BEGIN SELECT RAISE(ABORT, 'a snapshot gets its lines when it is recorded, and none later'); END;
""",
}
