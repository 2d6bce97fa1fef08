-- Partitions.
--
-- Run ids are UUIDv7: they begin with the milliseconds since 1970 at which they were made, so a range of ids is a range of
-- time. workflow_runs and run_journal are cut alike; engines create what comes next well ahead, and drop what is
-- older than RETENTION (docs/operations.md). A default partition takes whatever no other takes: runs that are live or
-- FAILED when their partition is dropped, runs with a date far off, and all of them if nobody creates partitions. So a start
-- never fails for want of a partition.
--
-- One table at a time, each in a transaction of its own: a statement of an engine locks both in an order of its own,
-- and whoever held one while waiting for another could wait for ever.

-- The tables that are cut. All that is done to each of them goes by this list, and by PartitionedTable in Swift.
CREATE OR REPLACE FUNCTION partitioned_tables() RETURNS regclass[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY['workflow_runs', 'run_journal']::regclass[]
$$;

-- The first id of a time.
CREATE OR REPLACE FUNCTION first_run_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT rpad(lpad(to_hex(floor(extract(epoch FROM at) * 1000)::int8), 12, '0'), 32, '0')::uuid
$$;

-- The time of an id, to the millisecond.
CREATE OR REPLACE FUNCTION run_id_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::int8 / 1000.0)
$$;

-- How a partition is stored; all that is to be set for one stands here.
CREATE OR REPLACE FUNCTION run_partition_options(parent regclass) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE (SELECT relname FROM pg_class WHERE oid = parent)
        -- Room on the page for new versions: no index holds a column that changes, so they stay there (heap-only) and are
        -- pruned there. Most runs are updated once, when they end, and are twice as long by their snapshot then: at 60 %
        -- two of three updates found no room, and left more bytes behind than the room takes.
        WHEN 'workflow_runs' THEN 'fillfactor = 30'
        ELSE 'fillfactor = 100'
        END
        || CASE (SELECT relname FROM pg_class WHERE oid = parent)
            -- Written once and never again: what is vacuumed is frozen in the same pass, so no later one (the forced one
            -- against wraparound included) has anything left to do.
            WHEN 'run_journal' THEN ', autovacuum_freeze_min_age = 0'
            -- Versions that found no room leave entries in the index; a twentieth of a week is soon enough to clear them.
            ELSE ', autovacuum_vacuum_scale_factor = 0.05, autovacuum_freeze_min_age = 1000000'
        END
$$;

-- Makes the partition of a table for ids from `lower` to before `upper`; false when it is there already.
--
-- Attaching locks the default partition alone, and reads it. Rows there that belong into the new one are moved; with more
-- than 10,000 of them that would take too long under a lock, so it fails.
CREATE OR REPLACE FUNCTION create_run_partition(parent regclass, lower timestamptz, upper timestamptz) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '250ms' AS $$
DECLARE
    parent_name name := (SELECT relname FROM pg_class WHERE oid = parent);
    spare name := parent_name || '_default';
    partition name := parent_name || to_char(lower AT TIME ZONE 'UTC', '"_p"YYYYMMDD"t"HH24MI');
    low uuid := first_run_id(lower);
    high uuid := first_run_id(upper);
    misplaced int8;
BEGIN
    IF to_regclass(quote_ident(partition)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %s INCLUDING ALL) WITH (%s)', partition, parent,
        run_partition_options(parent));
    -- Readers reach its rows by the table, whose policies hold then; asked for by its own name it has none for them.
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
    -- As ATTACH locks it, or the two lock the other way round.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', spare);
    EXECUTE format('SELECT count(*) FROM (SELECT FROM %I WHERE run_id >= $1 AND run_id < $2 LIMIT 10001) m', spare)
        INTO misplaced USING low, high;
    IF misplaced > 10000 THEN
        RAISE EXCEPTION 'more than 10000 rows of % belong into %: they stay where they are', spare, partition
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF misplaced > 0 THEN
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE run_id >= $1 AND run_id < $2 RETURNING *)
            INSERT INTO %I SELECT * FROM moved', spare, partition) USING low, high;
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition, low, high);
    RETURN true;
END
$$;

-- All partitions but the default ones.
DROP VIEW IF EXISTS run_partitions;
CREATE VIEW run_partitions AS
SELECT parent_table, partition_table, bounds[1]::uuid AS lower_id, bounds[2]::uuid AS upper_id,
    run_id_time(bounds[1]::uuid) AS lower_at, run_id_time(bounds[2]::uuid) AS upper_at
FROM (
    SELECT i.inhparent::regclass AS parent_table, c.oid::regclass AS partition_table,
        regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(.*)''\) TO \(''(.*)''\)') AS bounds
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = ANY (partitioned_tables()) AND NOT i.inhdetachpending
) p
WHERE bounds IS NOT NULL;

-- Drops a partition of a table. Runs of it that live, or that are FAILED and so wait for a person, or that are younger than
-- their ids say (`created_before` tells), are kept, and with them their children, which may have to be undone with them. So are
-- children whose parents are in another partition: a child is there for as long as its parent is. Their rows move into the default partition. workflow_runs goes first; of
-- the others those rows are kept whose run is.
--
-- Answers how many rows were kept. Fails when more than 10,000 runs would be: moving them takes too long under a lock.
CREATE OR REPLACE FUNCTION drop_run_partition(parent regclass, partition regclass, created_before timestamptz) RETURNS int8
LANGUAGE plpgsql
SET lock_timeout = '250ms'
-- Through indexes whatever the statistics say: nothing may be read from one end to the other under a lock.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    is_of_runs boolean := parent = 'workflow_runs'::regclass;
    low uuid;
    high uuid;
    keep uuid[];
    kept int8;
BEGIN
    SELECT lower_id, upper_id INTO STRICT low, high FROM run_partitions
        WHERE parent_table = parent AND partition_table = partition;
    IF is_of_runs THEN
        -- Before the lock: this reads every run that left the forward path, and what the last vacuum has not summarised.
        EXECUTE format('SELECT array_agg(run_id) FROM (SELECT run_id FROM %s
            WHERE cause IS NOT NULL AND status = ''FAILED'' LIMIT 10001) f', partition) INTO keep;
        EXECUTE format('SELECT $1 || array_agg(run_id) FROM (SELECT run_id FROM %s
            WHERE created_at >= $2 LIMIT 10001) y', partition) INTO keep USING keep, created_before;
        keep := COALESCE(keep, '{}') || ARRAY(
            SELECT run_id FROM outbox WHERE run_id >= low AND run_id < high LIMIT 10001);
        -- The index of children tells which have parents elsewhere; nearly all have theirs in the same partition.
        EXECUTE format('WITH RECURSIVE family AS (
                SELECT run_id FROM (
                    SELECT unnest($1::uuid[]) AS run_id
                    UNION ALL SELECT c.run_id FROM %1$s c
                    WHERE c.parent_run_id IS NOT NULL AND (c.parent_run_id < $2 OR c.parent_run_id >= $3)
                        AND EXISTS (SELECT FROM workflow_runs p WHERE p.run_id = c.parent_run_id)
                ) roots
                UNION SELECT c.run_id FROM family f JOIN %1$s c ON c.parent_run_id = f.run_id
            ) SELECT COALESCE(array_agg(run_id), ''{}'') FROM (SELECT run_id FROM family LIMIT 10001) f', partition)
            INTO keep USING keep, low, high;
        IF cardinality(keep) > 10000 THEN
            RAISE EXCEPTION 'more than 10000 runs of % are live, FAILED, younger than their ids or children of such', partition
                USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
    ELSIF EXISTS (SELECT FROM run_partitions
            WHERE parent_table = 'workflow_runs'::regclass AND lower_id < high AND upper_id > low) THEN
        RAISE EXCEPTION 'the runs of % are to be dropped first', partition
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, partition);
    IF is_of_runs THEN
        -- Who became live meanwhile was FAILED before, or was started by a clock that is behind: those are looked for again.
        keep := keep || ARRAY(SELECT run_id FROM outbox WHERE run_id >= low AND run_id < high);
        EXECUTE format('INSERT INTO workflow_runs SELECT * FROM %s WHERE run_id = ANY ($1)', partition) USING keep;
    ELSE
        EXECUTE format('INSERT INTO %s SELECT p.* FROM workflow_runs r JOIN %s p USING (run_id)
            WHERE r.run_id >= $1 AND r.run_id < $2', parent, partition) USING low, high;
    END IF;
    GET DIAGNOSTICS kept = ROW_COUNT;
    EXECUTE format('DROP TABLE %s', partition);
    RETURN kept;
END
$$;

-- What a table begins with: its default partition, and those of this week and the next. One that has its default partition is
-- left to the engines: its partitions may have another length by now, and to make one takes locks and may fail.
DO $$
DECLARE
    parent regclass;
    spare name;
    week timestamptz := to_timestamp(floor(extract(epoch FROM now()) / 604800) * 604800);
BEGIN
    FOREACH parent IN ARRAY partitioned_tables() LOOP
        spare := (SELECT relname FROM pg_class WHERE oid = parent) || '_default';
        CONTINUE WHEN to_regclass(quote_ident(spare)) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I PARTITION OF %s DEFAULT WITH (%s)', spare, parent,
            run_partition_options(parent));
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', spare);
        PERFORM create_run_partition(parent, week, week + interval '7 days');
        PERFORM create_run_partition(parent, week + interval '7 days', week + interval '14 days');
    END LOOP;
END
$$;
