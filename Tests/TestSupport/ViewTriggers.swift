/// Lets tests change steps and events one by one, through the views that people read them by: what they write goes into the
/// snapshot of the run and into its journal. The product has no such thing.
///
/// A row of the journal is taken apart into one for each of its events before one of them is changed.
let viewTriggers = """
    CREATE FUNCTION test_microseconds(at timestamptz) RETURNS bigint LANGUAGE sql AS
        $$ SELECT (extract(epoch FROM at) * 1000000)::bigint $$;

    CREATE FUNCTION test_write_steps() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        run uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.run_id ELSE NEW.run_id END;
        place int := CASE TG_OP WHEN 'INSERT' THEN -1 ELSE OLD.step_index END;
        steps run_steps[] := ARRAY(SELECT s FROM run_steps s WHERE s.run_id = run AND s.step_index <> place);
    BEGIN
        IF TG_OP <> 'DELETE' THEN steps := steps || NEW::run_steps; END IF;
        UPDATE workflow_runs r SET snapshot_refs = NULL, snapshot = (
            SELECT json_agg(json_strip_nulls(json_build_object('id', s.step_id, 'status', s.status, 'attempts', s.attempts,
                'ambiguous', NULLIF(s.is_ambiguous, false),
                'compensation', NULLIF(s.compensation_status, 'NOT_REQUIRED'),
                'compensationAttempts', NULLIF(s.compensation_attempts, 0),
                'compensationAmbiguous', NULLIF(s.is_compensation_ambiguous, false), 'output', s.output, 'error', s.error,
                'startedAt', test_microseconds(s.started_at), 'completedAt', test_microseconds(s.completed_at),
                'nextAttemptAt', test_microseconds(s.next_attempt_at), 'attemptSeq', NULLIF(s.attempt_seq, 0)))
                ORDER BY s.step_index)
            FROM unnest(steps) s)
        WHERE r.run_id = run;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    CREATE TRIGGER test_write_steps INSTEAD OF INSERT OR UPDATE OR DELETE ON run_steps
        FOR EACH ROW EXECUTE FUNCTION test_write_steps();

    CREATE FUNCTION test_write_events() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE whole run_journal;
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM run_journal WHERE run_id = OLD.run_id AND seq <= OLD.seq AND seq + event_count > OLD.seq
                RETURNING * INTO whole;
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, engine_id, events)
            SELECT whole.run_id, whole.seq + e.ord - 1, 1, whole.at, whole.epoch, whole.engine_id, json_build_array(e.event)
            FROM json_array_elements(whole.events) WITH ORDINALITY AS e (event, ord) WHERE whole.seq + e.ord - 1 <> OLD.seq;
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        INSERT INTO run_journal (run_id, seq, event_count, at, epoch, engine_id, events)
        VALUES (NEW.run_id, NEW.seq, 1, NEW.at, NEW.epoch, NEW.engine_id, json_build_array(json_strip_nulls(
            json_build_object('kind', NEW.kind, 'step', NEW.step_index, 'stepId', NEW.step_id, 'action', NEW.action,
                'attempt', NEW.attempt, 'outcome', NEW.outcome, 'httpStatus', NEW.http_status,
                'durationUs', NEW.duration_us, 'retryInUs', NEW.retry_in_us, 'error', NEW.error, 'data', NEW.data,
                'traceId', NEW.trace_id))));
        RETURN NEW;
    END $$;
    CREATE TRIGGER test_write_events INSTEAD OF INSERT OR UPDATE OR DELETE ON run_events
        FOR EACH ROW EXECUTE FUNCTION test_write_events();
    ALTER VIEW run_steps ALTER COLUMN attempts SET DEFAULT 0, ALTER COLUMN is_ambiguous SET DEFAULT false,
        ALTER COLUMN compensation_status SET DEFAULT 'NOT_REQUIRED', ALTER COLUMN compensation_attempts SET DEFAULT 0,
        ALTER COLUMN is_compensation_ambiguous SET DEFAULT false;
    """
