#!/bin/sh
# The main job, on the files beside this one, in a ledger that is thrown away at the end.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
INVENTORY_LEDGER=$(mktemp -d)/inventory.db
export INVENTORY_LEDGER
trap 'rm -r "$(dirname "$INVENTORY_LEDGER")"' EXIT

run() {
    printf '\n$ inventory %s\n' "$*"
    inventory "$@"
}

cd "$here"
run init --timezone Europe/Berlin
run import story.csv
run import movements.csv
run reverse 333 --reason duplicate
run stock
run history XYZ-1
run as-of 2022-03-15
run snapshot take march --as-of 2022-03-31
run verify
