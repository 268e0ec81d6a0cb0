-- The log of one or more ledgers in PostgreSQL 15 or later, in a database whose encoding is UTF8.
--
-- Run by the role that shall own it. Every key begins with a ledger's identity, so that ledgers can
-- be spread over servers by that column. Text sorts by code point (COLLATE "C"), as in the file.
-- The server keeps what a client could break: the next number, the chain, the time, and that nothing
-- is changed or deleted. The rules of the stock (below zero, closed periods) are the clients'.

CREATE SCHEMA inventory;

CREATE TABLE inventory.schema_version (version integer PRIMARY KEY);
INSERT INTO inventory.schema_version VALUES (1);

CREATE TABLE inventory.ledgers (
    ledger uuid PRIMARY KEY,
    name text COLLATE "C" UNIQUE,
    created_at text COLLATE "C" NOT NULL,
    decimals integer NOT NULL CHECK (decimals BETWEEN 0 AND 9),
    timezone text COLLATE "C" NOT NULL,
    negative text COLLATE "C" NOT NULL CHECK (negative IN ('refuse', 'allow')),
    hash bytea NOT NULL
);

-- The one row of a ledger that changes. Whoever appends holds it. `unclosed` is the last position of
-- a batch that has no header yet; no transaction ends with one. `timeline` is that of the server on
-- which the ledger was last used; where a person takes over another one, `replays` until the first
-- batch that is recorded on it: what the server lost may come again, at its own time. `ended` is set
-- by the last batch of all.
CREATE TABLE inventory.heads (
    ledger uuid PRIMARY KEY REFERENCES inventory.ledgers,
    batch bigint NOT NULL,
    position bigint NOT NULL,
    recorded_at text COLLATE "C" NOT NULL,
    snapshot bigint NOT NULL,
    hash bytea NOT NULL,
    timeline text NOT NULL,
    replays boolean NOT NULL DEFAULT false,
    ended boolean NOT NULL DEFAULT false,
    unclosed bigint,
    unclosed_hash bytea
) WITH (fillfactor = 10);

CREATE TABLE inventory.batches (
    ledger uuid NOT NULL,
    batch bigint NOT NULL,
    recorded_at text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    command text COLLATE "C" NOT NULL,
    source text COLLATE "C",
    source_sha256 text COLLATE "C",
    first_position bigint,
    last_position bigint,
    lines_sha256 text COLLATE "C",
    details text COLLATE "C",
    hash bytea NOT NULL,
    PRIMARY KEY (ledger, batch)
);

CREATE TABLE inventory.events (
    ledger uuid NOT NULL,
    position bigint NOT NULL,
    batch bigint NOT NULL,
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL,
    effective_at text COLLATE "C" NOT NULL,
    date_only bigint NOT NULL,
    reason text COLLATE "C",
    reference text COLLATE "C",
    unit_cost text COLLATE "C",
    id text COLLATE "C",
    reverses bigint,
    details text COLLATE "C",
    hash bytea NOT NULL,
    PRIMARY KEY (ledger, position)
);
CREATE UNIQUE INDEX events_by_reversal ON inventory.events (ledger, reverses)
    WHERE reverses IS NOT NULL;

CREATE TABLE inventory.snapshots (
    ledger uuid NOT NULL,
    snapshot bigint NOT NULL,
    batch bigint NOT NULL,
    name text COLLATE "C",
    as_of text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    whole_to bigint,
    closes bigint CHECK (closes IN (0, 1)),
    PRIMARY KEY (ledger, snapshot),
    UNIQUE (ledger, batch),
    UNIQUE (ledger, name)
);

CREATE TABLE inventory.snapshot_lines (
    ledger uuid NOT NULL,
    snapshot bigint NOT NULL,
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL,
    last_incoming text COLLATE "C",
    last_outgoing text COLLATE "C",
    last_counted text COLLATE "C",
    PRIMARY KEY (ledger, snapshot, sku, location)
);

-- What a ledger takes over from those before it. `before` is the how many-eth of those.
CREATE TABLE inventory.carried_ids (
    ledger uuid NOT NULL,
    id text COLLATE "C" NOT NULL,
    before bigint NOT NULL,
    position bigint NOT NULL,
    effective_at text COLLATE "C" NOT NULL,
    date_only bigint NOT NULL,
    content_sha256 text COLLATE "C" NOT NULL,
    voided_by bigint,
    PRIMARY KEY (ledger, id, before, position)
);

-- A role that stands here sees, and appends to, these ledgers only.
CREATE TABLE inventory.kept_to (
    role name NOT NULL,
    ledger uuid NOT NULL REFERENCES inventory.ledgers,
    PRIMARY KEY (role, ledger)
);

-- Guards ------------------------------------------------------------------------------------------

CREATE FUNCTION inventory.refuse() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % cannot be changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'IV001';
END $$;

-- As the owner, and by no operator of the caller's: at COMMIT it is the caller who looks.
CREATE FUNCTION inventory.refuse_unclosed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM inventory.heads
               WHERE heads.ledger = NEW.ledger AND unclosed IS NOT NULL) THEN
        RAISE EXCEPTION 'a batch has no header' USING ERRCODE = 'IV002';
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['ledgers', 'batches', 'events', 'snapshots', 'snapshot_lines',
                                'carried_ids'] LOOP
        EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE'
                       ' ON inventory.%I FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse()', name);
        -- Enabled in every session_replication_role, so that no SET turns it off.
        EXECUTE format('ALTER TABLE inventory.%I ENABLE ALWAYS TRIGGER refuse_change', name);
    END LOOP;
    -- Not for the owner, as whom the functions below look; they ask `may_use`.
    FOREACH name IN ARRAY ARRAY['ledgers', 'heads', 'batches', 'events', 'snapshots',
                                'snapshot_lines', 'carried_ids'] LOOP
        EXECUTE format('CREATE POLICY kept_to ON inventory.%I USING ('
                       'NOT EXISTS (SELECT FROM inventory.kept_to WHERE role = session_user)'
                       ' OR ledger = ANY (ARRAY(SELECT k.ledger FROM inventory.kept_to k'
                       ' WHERE k.role = session_user)))', name);
        EXECUTE format('ALTER TABLE inventory.%I ENABLE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON inventory.heads
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse();
ALTER TABLE inventory.heads ENABLE ALWAYS TRIGGER refuse_change;
CREATE CONSTRAINT TRIGGER refuse_unclosed AFTER INSERT OR UPDATE ON inventory.heads
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.unclosed IS NOT NULL)
    EXECUTE FUNCTION inventory.refuse_unclosed();
ALTER TABLE inventory.heads ENABLE ALWAYS TRIGGER refuse_unclosed;

-- In PL/pgSQL, which plans what it asks once for a session and not for each append.
CREATE FUNCTION inventory.may_use(of uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM inventory.kept_to WHERE role = session_user)
        OR EXISTS (SELECT FROM inventory.kept_to k WHERE k.role = session_user AND k.ledger = of);
END $$;
