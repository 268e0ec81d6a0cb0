#!/bin/sh
# The main job, on the files beside this one, in a folder that is thrown away at the end; then
# somebody edits a copy of the ledger behind its back, and the audit finds it.
set -eu
unset INVENTORY_LEDGER INVENTORY_LOCATION INVENTORY_FORMAT INVENTORY_KNOWN_ONLY INVENTORY_ANCHOR
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cp "$(dirname "$0")"/*.csv "$folder"
cd "$folder"

run() {
    printf '\n$ inventory %s\n' "$*"
    inventory "$@"
}

run init --timezone Europe/Berlin
run import story.csv
run import movements.csv
run reverse 333 --reason duplicate
run stock
run history XYZ-1
run as-of 2022-03-15
run snapshot take march --as-of 2022-03-31
run verify

run backup copy.db
printf '\nSomebody edits the copy behind its back: of the 50 that came in on 15 March, 20 go home. The\n'
printf 'guards, which refuse that, are lifted and put back as they were, and the stock is made to fit.\n'
python3 - <<'END'
import sqlite3

copy = sqlite3.connect("copy.db")
guards = copy.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
for name, _ in guards:
    copy.execute(f"DROP TRIGGER {name}")
copy.execute("UPDATE events SET quantity = 30 WHERE position = 4")
copy.execute("UPDATE stock SET on_hand = on_hand - 20 WHERE sku = 'XYZ-1'")
for _, guard in guards:
    copy.execute(guard)
copy.commit()
END
run --ledger copy.db stock XYZ-1
found=0
run --ledger copy.db verify || found=$?
[ "$found" -eq 1 ]
printf '\nIt is found: exit 1.\n'
