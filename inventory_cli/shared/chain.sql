-- What the chain of a ledger is made of, and that what is stored is that.

-- to_json escapes what the chain escapes, in the same way (" \ \b \f \n \r \t, other controls
-- below U+0020 as \u00xx, all else as itself), and array_to_json writes no blanks.
-- STABLE, not IMMUTABLE: to_json is STABLE, and only so are these inlined (six times as fast).

-- Its fields one by one: with a row it would not be inlined.
CREATE FUNCTION inventory.text_of_event(
    "position" bigint, batch bigint, sku text, location text, kind text, quantity bigint,
    effective_at text, date_only bigint, reason text, reference text, unit_cost text, id text,
    reverses bigint, details text
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN array_to_json(ARRAY[to_json('event'::text), to_json("position"), to_json(batch),
    to_json(sku), to_json(location), to_json(kind), to_json(quantity), to_json(effective_at),
    to_json(date_only), to_json(reason), to_json(reference), to_json(unit_cost), to_json(id),
    to_json(reverses), to_json(details)])::text;

-- The same where nothing in it is escaped: in a quarter of the time.
CREATE FUNCTION inventory.text_of_plain_event(
    "position" bigint, batch bigint, sku text, location text, kind text, quantity bigint,
    effective_at text, date_only bigint, reason text, reference text, unit_cost text, id text,
    reverses bigint, details text
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN '["event",' || "position" || ',' || batch || ',"' || sku || '","' || location || '","'
    || kind || '",' || quantity || ',"' || effective_at || '",' || date_only || ','
    || coalesce('"' || reason || '"', 'null') || ',' || coalesce('"' || reference || '"', 'null')
    || ',' || coalesce('"' || unit_cost || '"', 'null') || ','
    || coalesce('"' || id || '"', 'null') || ',' || coalesce(reverses::text, 'null') || ','
    || coalesce('"' || details || '"', 'null') || ']';

CREATE FUNCTION inventory.text_of_batch(header inventory.batches) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN array_to_json(ARRAY[to_json('batch'::text), to_json(header.batch),
    to_json(header.recorded_at), to_json(header.actor), to_json(header.command),
    to_json(header.source), to_json(header.source_sha256), to_json(header.first_position),
    to_json(header.last_position), to_json(header.lines_sha256)]
    || CASE WHEN header.details IS NULL THEN ARRAY[]::json[]
            ELSE ARRAY[to_json(header.details)] END)::text;

CREATE FUNCTION inventory.genesis(of inventory.ledgers) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(convert_to(array_to_json(ARRAY[to_json('ledger'::text), to_json(of.ledger::text),
    to_json(of.created_at), to_json(of.decimals), to_json(of.timezone), to_json(of.negative)])::text,
    'UTF8'));

CREATE FUNCTION inventory.digest_lines(of uuid, number bigint) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT encode(sha256(convert_to(
        (SELECT array_to_json(ARRAY[to_json('snapshot'::text), to_json(s.snapshot),
                to_json(s.batch), to_json(s.name), to_json(s.as_of), to_json(s.position)]
            || CASE WHEN s.whole_to IS NULL AND s.closes IS NULL THEN ARRAY[]::json[]
                    ELSE ARRAY[to_json(s.whole_to), to_json(s.closes)] END)::text || E'\n'
         FROM inventory.snapshots s WHERE s.ledger = of AND s.snapshot = number)
        || coalesce((
         SELECT string_agg(array_to_json(ARRAY[to_json('line'::text), to_json(l.sku),
                to_json(l.location), to_json(l.on_hand), to_json(l.last_incoming),
                to_json(l.last_outgoing), to_json(l.last_counted)])::text || E'\n', ''
            ORDER BY l.sku, l.location)
         FROM inventory.snapshot_lines l WHERE l.ledger = of AND l.snapshot = number), ''),
        'UTF8')), 'hex');
END;

CREATE FUNCTION inventory.digest_carried(of uuid) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT encode(sha256(convert_to(string_agg(
        array_to_json(ARRAY[to_json('carried_id'::text), to_json(c.id), to_json(c.before),
            to_json(c.position), to_json(c.effective_at), to_json(c.date_only),
            to_json(c.content_sha256), to_json(c.voided_by)])::text || E'\n', ''
        ORDER BY c.id, c.before, c.position), 'UTF8')), 'hex')
    FROM inventory.carried_ids c WHERE c.ledger = of;
END;

-- Compute the whole chain of a ledger anew, and raise where what is stored is another. Run by
-- `share` before the ledger has a head, without which nothing can be appended to it.
CREATE FUNCTION inventory.prove(of uuid) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
    link bytea;
    last bigint := 0;
    number bigint := 0;
    shot bigint := 0;
    header inventory.batches;
    digest text;
    one record;
BEGIN
    SELECT inventory.genesis(l) INTO STRICT link FROM inventory.ledgers l WHERE l.ledger = of;
    IF link IS DISTINCT FROM (SELECT l.hash FROM inventory.ledgers l WHERE l.ledger = of) THEN
        RAISE EXCEPTION 'the settings do not fit the chain' USING ERRCODE = 'IV007';
    END IF;
    FOR header IN SELECT * FROM inventory.batches b WHERE b.ledger = of ORDER BY b.batch LOOP
        number := number + 1;
        IF header.first_position IS NOT NULL THEN
            FOR one IN SELECT e.position, e.batch, e.hash, inventory.text_of_event(e.position,
                           e.batch, e.sku, e.location, e.kind, e.quantity, e.effective_at,
                           e.date_only, e.reason, e.reference, e.unit_cost, e.id, e.reverses,
                           e.details) AS said
                       FROM inventory.events e WHERE e.ledger = of
                       AND e.position BETWEEN header.first_position AND header.last_position
                       ORDER BY e.position LOOP
                last := last + 1;
                link := sha256(link || convert_to(one.said, 'UTF8'));
                IF one.position <> last OR one.batch <> number OR one.hash <> link THEN
                    RAISE EXCEPTION 'event % does not fit the chain', one.position
                        USING ERRCODE = 'IV007';
                END IF;
            END LOOP;
        END IF;
        IF header.lines_sha256 IS NOT NULL THEN
            shot := shot + 1;
            digest := inventory.digest_lines(of, shot);
        END IF;
        link := sha256(link || convert_to(inventory.text_of_batch(header), 'UTF8'));
        IF header.batch <> number OR header.hash <> link
           OR header.last_position IS DISTINCT FROM
              (CASE WHEN header.first_position IS NOT NULL THEN last END)
           OR header.lines_sha256 IS NOT NULL AND header.lines_sha256 IS DISTINCT FROM digest
           OR number = 1 AND inventory.digest_carried(of) IS DISTINCT FROM
              (header.details::json->>'carried_ids') THEN
            RAISE EXCEPTION 'batch % does not fit the chain', header.batch USING ERRCODE = 'IV007';
        END IF;
    END LOOP;
    IF last <> (SELECT count(*) FROM inventory.events e WHERE e.ledger = of)
       OR shot <> (SELECT count(*) FROM inventory.snapshots s WHERE s.ledger = of) THEN
        RAISE EXCEPTION 'there is more than the batches claim' USING ERRCODE = 'IV007';
    END IF;
END $$;
