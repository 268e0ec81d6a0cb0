-- How a ledger is appended to: one after the other, and nothing that does not fit.

CREATE FUNCTION inventory.utc_text(moment timestamptz) RETURNS text LANGUAGE sql IMMUTABLE
RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

-- Whether a text is a moment as all are written: not only by its shape, which has room for a 75th
-- second.
CREATE FUNCTION inventory.is_moment(said text) RETURNS boolean LANGUAGE sql STABLE
RETURN said COLLATE "C" = inventory.utc_text(said::timestamptz);

-- The details of a batch as they are written: texts by name, in order, without blanks. Programs look
-- for a name in the text of them.
CREATE FUNCTION inventory.packed(details text) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce('{' || string_agg(to_json(key)::text || ':' || value::text, ','
                                      ORDER BY key COLLATE "C") || '}', '')
    FROM json_each(details::json) WHERE json_typeof(value) = 'string';
END;

-- Which server this is, and on which of its timelines: a standby that was promoted begins a new one,
-- and so does a server that was restored to a moment. The name of a file of the log begins with the
-- timeline; pg_control_checkpoint() tells it only some time after a promotion.
CREATE FUNCTION inventory.timeline() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    system text;
BEGIN
    SELECT system_identifier INTO system FROM pg_control_system();
    RETURN system || '/' || ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int;
END $$;

-- Take the head row until the end of the transaction and tell where the log ends, and what time it
-- is. A function, because SELECT … FOR UPDATE needs more than the right to read. `known` and
-- `known_hash` are the caller's own last batch: `continues` tells whether it is on this chain.
-- Where it is, and a few batches behind, these come along: to ask for them takes round trips for
-- which others wait. Refuses where the server is not on the timeline on which the ledger was last
-- used, unless that is the one that a person `accepts`.
CREATE FUNCTION inventory.hold(
    of uuid, known bigint, known_hash bytea, accepts text = NULL,
    OUT batch bigint, OUT "position" bigint, OUT recorded_at text, OUT hash bytea, OUT now text,
    OUT timeline text, OUT continues boolean, OUT headers json, OUT events json
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    used text;
    first bigint;
BEGIN
    timeline := inventory.timeline();
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append under READ COMMITTED' USING ERRCODE = 'IV003';
    END IF;
    SELECT h.batch, h.position, h.recorded_at, h.hash, h.timeline INTO batch, "position",
        recorded_at, hash, used FROM inventory.heads h
        WHERE h.ledger = of AND inventory.may_use(of) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no ledger % here', of USING ERRCODE = 'IV004';
    END IF;
    IF used <> timeline THEN
        IF accepts IS DISTINCT FROM timeline THEN
            RAISE EXCEPTION 'the ledger was last used on another server, or timeline'
                USING ERRCODE = 'IV008', DETAIL = format('used %s here %s', used, timeline);
        END IF;
        UPDATE inventory.heads h SET timeline = hold.timeline, replays = true
            WHERE h.ledger = of;
    END IF;
    now := greatest(inventory.utc_text(clock_timestamp()) COLLATE "C", recorded_at);
    continues := CASE known
        WHEN batch THEN hash = known_hash
        WHEN 0 THEN (SELECT l.hash FROM inventory.ledgers l WHERE l.ledger = of) = known_hash
        ELSE coalesce((SELECT b.hash FROM inventory.batches b
                       WHERE b.ledger = of AND b.batch = known) = known_hash, false) END;
    IF continues AND batch - known BETWEEN 1 AND 200 THEN
        SELECT json_agg(json_build_array(b.batch, b.recorded_at, b.actor, b.command, b.source,
                b.source_sha256, b.first_position, b.last_position, b.lines_sha256, b.details,
                encode(b.hash, 'hex')) ORDER BY b.batch), min(b.first_position)
            INTO headers, first FROM inventory.batches b WHERE b.ledger = of AND b.batch > known;
        IF "position" - first >= 2000 THEN
            headers := NULL;
        ELSE
            events := (SELECT json_agg(json_build_array(e.sku, e.location, e.kind, e.quantity,
                    e.effective_at, e.date_only, e.reason, e.reference, e.unit_cost, e.id,
                    e.reverses, e.details) ORDER BY e.position)
                FROM inventory.events e WHERE e.ledger = of AND e.position >= first);
        END IF;
    END IF;
    -- One that was put back is on the same timeline: what the caller has may come again, too. Only
    -- for who owns the log, because times of before are taken then.
    IF accepts = timeline AND NOT continues
       AND pg_has_role(session_user, current_user, 'MEMBER') THEN
        UPDATE inventory.heads h SET replays = true WHERE h.ledger = of;
    END IF;
END $$;

-- The events of an array of arrays, each as the chain has it, behind a position: which one a client
-- says there is not asked. Not for clients.
CREATE FUNCTION inventory.events_given(after bigint, given jsonb)
RETURNS TABLE ("position" bigint, sku text, location text, kind text, quantity bigint,
    effective_at text, date_only bigint, reason text, reference text, unit_cost text, id text,
    reverses bigint, details text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- OFFSET 0: each cell is read once, however often it is asked for.
    SELECT after + n, e->>3, e->>4, e->>5, (e->>6)::bigint, e->>7, (e->>8)::bigint, e->>9, e->>10,
        e->>11, e->>12, (e->>13)::bigint, e->>14
    FROM jsonb_array_elements(given) WITH ORDINALITY AS g (e, n) OFFSET 0;
END;

-- Insert events behind `after`, given as the text of an array of arrays, and return the hash of the
-- last. Not for clients.
CREATE FUNCTION inventory.insert_events(
    of uuid, number bigint, after bigint, before bytea, given_text text,
    OUT last bigint, OUT link bytea
) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    given CONSTANT jsonb := given_text;
    -- JSON escapes with a backslash, and nothing that has to be is written otherwise: but an array or
    -- an object in an event, which becomes a text with quotes.
    are_plain CONSTANT boolean := strpos(given_text, E'\\') = 0 AND strpos(given_text, '{') = 0
        AND octet_length(given_text) - octet_length(replace(given_text, '[', ''))
            = 1 + jsonb_array_length(given);
    moment CONSTANT text := '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z';
    events inventory.events[];
    texts bytea[];
    are_sound boolean;
    said bytea;
    links bytea[] := '{}';
BEGIN
    SELECT array_agg((of, e.position, number, e.sku, e.location, e.kind, e.quantity, e.effective_at,
               e.date_only, e.reason, e.reference, e.unit_cost, e.id, e.reverses, e.details,
               ''::bytea)::inventory.events),
           array_agg(convert_to(CASE
               WHEN are_plain THEN inventory.text_of_plain_event(e.position, number, e.sku,
                   e.location, e.kind, e.quantity, e.effective_at, e.date_only, e.reason,
                   e.reference, e.unit_cost, e.id, e.reverses, e.details)
               ELSE inventory.text_of_event(e.position, number, e.sku, e.location, e.kind,
                   e.quantity, e.effective_at, e.date_only, e.reason, e.reference, e.unit_cost,
                   e.id, e.reverses, e.details) END, 'UTF8')),
           -- All moments as one text: to look at each takes a tenth of all that this does. Of their
           -- length, each, so that none begins in one event and ends in another.
           bool_and(octet_length(e.effective_at) = 24)
               AND string_agg(e.effective_at, '') ~ ('^(' || moment || ')*$')
               AND bool_and(coalesce(json_typeof(e.details::json) = 'object', true))
        INTO events, texts, are_sound
        FROM inventory.events_given(after, given) e;
    IF NOT are_sound THEN
        RAISE EXCEPTION 'event % is none', (
            SELECT min(e.position) FROM unnest(events) e
            WHERE NOT (e.effective_at ~ ('^' || moment || '$')
                       AND coalesce(json_typeof(e.details::json) = 'object', true)))
            USING ERRCODE = 'IV010';
    END IF;
    last := after;
    link := before;
    FOREACH said IN ARRAY coalesce(texts, '{}') LOOP
        last := last + 1;
        link := sha256(link || said);
        links := links || link;
    END LOOP;
    INSERT INTO inventory.events
        SELECT of, e.position, number, e.sku, e.location, e.kind, e.quantity, e.effective_at,
               e.date_only, e.reason, e.reference, e.unit_cost, e.id, e.reverses, e.details,
               links[e.position - after]
        FROM unnest(events) e;
END $$;

-- Append a batch, or a part of it where there is no header yet: events, as the text of an array of
-- arrays, each as the chain has it; or a snapshot, from name to closes, and lines of it; and at last
-- the header, from recorded_at to details, with the hash that the caller computed. The server computes
-- its own, over everything, and refuses what differs.
CREATE FUNCTION inventory.append(
    of uuid, number bigint, events text, snapshot jsonb, lines jsonb, header jsonb
) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head inventory.heads;
    closing inventory.batches;
    last bigint;
    link bytea;
    shot bigint;
    is_shot boolean;
    own_time boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append under READ COMMITTED' USING ERRCODE = 'IV003';
    END IF;
    SELECT * INTO head FROM inventory.heads h
        WHERE h.ledger = of AND inventory.may_use(of) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no ledger % here', of USING ERRCODE = 'IV004';
    END IF;
    IF head.timeline <> inventory.timeline() THEN
        RAISE EXCEPTION 'the ledger was last used on another server, or timeline'
            USING ERRCODE = 'IV008';
    END IF;
    IF head.ended THEN
        RAISE EXCEPTION 'the ledger has ended here' USING ERRCODE = 'IV009';
    END IF;
    IF number IS DISTINCT FROM head.batch + 1 THEN
        RAISE EXCEPTION 'the next batch is %, not %', head.batch + 1, number USING ERRCODE = 'IV005';
    END IF;
    last := coalesce(head.unclosed, head.position);
    link := coalesce(head.unclosed_hash, head.hash);
    IF events IS NOT NULL THEN
        SELECT i.last, i.link INTO last, link
            FROM inventory.insert_events(of, number, last, link, events) i;
    END IF;
    shot := head.snapshot + 1;
    IF snapshot IS NOT NULL THEN
        IF NOT coalesce(inventory.is_moment(snapshot->>1)
                        AND (snapshot->>2)::bigint BETWEEN 0 AND head.position, false) THEN
            RAISE EXCEPTION 'no snapshot of this log: %', snapshot USING ERRCODE = 'IV010';
        END IF;
        INSERT INTO inventory.snapshots VALUES (of, shot, number, snapshot->>0, snapshot->>1,
            (snapshot->>2)::bigint, (snapshot->>3)::bigint, (snapshot->>4)::bigint);
    END IF;
    is_shot := EXISTS (SELECT FROM inventory.snapshots s WHERE s.ledger = of AND s.snapshot = shot);
    IF lines IS NOT NULL THEN
        IF NOT is_shot THEN
            RAISE EXCEPTION 'lines of no snapshot' USING ERRCODE = 'IV010';
        END IF;
        INSERT INTO inventory.snapshot_lines
            SELECT of, shot, l->>0, l->>1, (l->>2)::bigint, l->>3, l->>4, l->>5
            FROM jsonb_array_elements(lines) l;
    END IF;
    IF header IS NULL THEN
        UPDATE inventory.heads h SET unclosed = last, unclosed_hash = link WHERE h.ledger = of;
        RETURN;
    END IF;
    closing := (of, number, header->>0, header->>1, header->>2, header->>3, header->>4,
                CASE WHEN last > head.position THEN head.position + 1 END,
                CASE WHEN last > head.position THEN last END,
                CASE WHEN is_shot THEN inventory.digest_lines(of, shot) END, header->>5, NULL);
    -- The time is the server's: at or after the start of this transaction, and not yet to come;
    -- or that of the head, where that is later.
    own_time := closing.recorded_at >= inventory.utc_text(transaction_timestamp()) COLLATE "C";
    IF closing.recorded_at IS NULL OR closing.recorded_at < head.recorded_at
       OR NOT inventory.is_moment(closing.recorded_at)
       OR (closing.recorded_at <> head.recorded_at AND (NOT (own_time OR head.replays)
           OR closing.recorded_at > inventory.utc_text(clock_timestamp()) COLLATE "C")) THEN
        RAISE EXCEPTION 'the time % is not the server''s', closing.recorded_at
            USING ERRCODE = 'IV006';
    END IF;
    -- That a log is shared, or goes on alone, is never said by way of the database.
    IF closing.details <> inventory.packed(closing.details)
       OR closing.details::json->>'shared' <> 'stopped' THEN
        RAISE EXCEPTION 'no details of a batch: %', closing.details USING ERRCODE = 'IV010';
    END IF;
    closing.hash := sha256(link || convert_to(inventory.text_of_batch(closing), 'UTF8'));
    IF encode(closing.hash, 'hex') IS DISTINCT FROM header->>6
       OR (is_shot AND last > head.position)
       OR NOT (is_shot OR last > head.position OR closing.details IS NOT NULL) THEN
        RAISE EXCEPTION 'batch % does not fit the chain', number USING ERRCODE = 'IV007';
    END IF;
    INSERT INTO inventory.batches SELECT closing.*;
    UPDATE inventory.heads h SET batch = number, position = last,
        recorded_at = closing.recorded_at, hash = closing.hash,
        snapshot = CASE WHEN is_shot THEN shot ELSE head.snapshot END,
        replays = head.replays AND NOT own_time, ended = inventory.ends(closing.details),
        unclosed = NULL, unclosed_hash = NULL
        WHERE h.ledger = of;
END $$;

-- Whether a batch with these details is the last of its ledger here.
CREATE FUNCTION inventory.ends(details text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN details::json->'ended_by' IS NOT NULL OR coalesce(details::json->>'shared' = 'stopped', false);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA inventory FROM PUBLIC;
