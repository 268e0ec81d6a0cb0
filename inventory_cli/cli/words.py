"""Knows what people type who mean a command that has another name, and what to type instead.

By meaning, not by spelling: Typer itself finds what is only spelt otherwise. Must never know how a
command works.
"""

from collections.abc import Mapping

_IN = "`inventory receive SKU QTY` records what came in, `inventory open SKU QTY` what was there"
_LIST = "`inventory stock` lists what is there, `inventory log` what was recorded"
_UNDO = (
    "`inventory reverse --last --reason TEXT` voids what was recorded last, "
    "`inventory reverse POSITION --reason TEXT` one event"
)
_GONE = (
    f"nothing is deleted: {_UNDO}; `inventory remove SKU QTY` records stock that left or was "
    "scrapped"
)
_CHANGE = (
    "nothing is overwritten: `inventory correct POSITION --quantity QTY --reason TEXT` records an "
    "event as it should have been"
)
_OUT = (
    "`inventory sell SKU QTY` records a sale, `inventory remove SKU QTY` what left or was used up"
)
_MOVE = "`inventory transfer SKU QTY --from A --to B` records stock that moved"
_AUDIT = "`inventory verify` checks the file, the log, the snapshots and the stock"
_WHAT = "`inventory stock SKU` shows what is there, `inventory as-of DATE SKU` what was"

INSTEAD: Mapping[str, str] = {
    word: advice
    for words, advice in (
        ("add buy purchase put incoming", _IN),
        ("new create", "`inventory init` makes a ledger; a SKU begins with its first event"),
        ("list ls products items skus dir", _LIST),
        ("balance balances bal quantity level levels on-hand onhand", _WHAT),
        ("undo revert void cancel rollback back", _UNDO),
        ("delete del rm drop erase purge", _GONE),
        ("edit update set change modify fix amend", _CHANGE),
        ("ship use consume take issue outgoing", _OUT),
        ("move mv relocate", _MOVE),
        ("audit check fsck test validate", _AUDIT),
        ("stocktake stock-take inventory", "`inventory count SKU QTY`, or `inventory reconcile`"),
        ("timeline why events", "`inventory history SKU` shows the timeline of a SKU, and why"),
        ("find search grep", "`inventory log SKU` and `inventory history SKU` show events"),
        ("info", "`inventory status` says which ledger this is, and how much is in it"),
        ("load csv", "`inventory import FILE` records the rows of a CSV file"),
        ("dump save", "`inventory export` writes the log, `inventory backup FILE` a copy"),
        ("close", "`inventory snapshot take NAME --as-of DATE --close` closes a period"),
        ("name rename", "`inventory describe SKU --name TEXT` says what a SKU is called"),
        ("man manual docs doc", "`inventory guide` is the manual"),
    )
    for word in words.split()
}
