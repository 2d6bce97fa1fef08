/// The tables and functions every participant has, whatever its business: the barrier and the ledger.
enum BarrierSchema {
    /// Safe to run again and while others use it.
    static let sql = tables + functions + actionSQL + compensationSQL + procedure

    private static let tables = """
        -- How a participant takes part in sagas, in one table.
        --
        -- A call may come twice (an answer was lost, an engine died), its compensation may come first (the action was
        -- given up before it arrived), and the action may still arrive after that. Each call has an idempotency key,
        -- RUN:STEP:execute or RUN:STEP:compensate, and here each key gets at most one row. That row is inserted in the
        -- same transaction as the effect, so both are there or neither.
        --
        --   The key is new:                      the effect happens and the answer is stored.
        --   The key is known:                    the stored answer is given again, nothing happens.
        --   The key is known, other body:        422; somebody uses one key for two things.
        --   Compensation of an unseen action:    success without effect (null compensation). Besides its own row it
        --                                        inserts the action's row, which closes the door:
        --   An action after its compensation:    409, nothing happens.
        --
        -- Two calls at once need no lock of ours: the second insert waits at the primary key until the first
        -- transaction has ended, and then either finds its row or, had it failed, takes its place.
        CREATE TABLE IF NOT EXISTS barrier (
            run_id      text        NOT NULL,
            step_id     text        NOT NULL,
            action      text        NOT NULL CHECK (action IN ('execute', 'compensate')),
            -- SHA-256 of the call's body; null when a compensation inserted the row of an action never seen.
            body_hash   bytea       CHECK (length(body_hash) = 32),
            -- The stored answer: a body for 2xx, a sentence for refusals, all null for an action never seen.
            status      int,
            answer      json,
            detail      text,
            -- What the action did: 1, or 0 for refusals and reads. Only a 1 is ever undone.
            effect      int         NOT NULL DEFAULT 0 CHECK (effect IN (-1, 0, 1)),
            created_at  timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id, action)
        );

        -- What was asked and what was done, for those who check from outside. Append-only. Ids are given out before
        -- commits: a reader that follows the ledger while calls run may pass over a row that commits late.
        CREATE TABLE IF NOT EXISTS ledger (
            entry_id    bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
            -- Not now(): the moment of the entry, not of its transaction's begin.
            recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            run_id      text        NOT NULL,
            step_id     text        NOT NULL,
            action      text        NOT NULL CHECK (action IN ('execute', 'compensate')),
            -- As the caller counts; 0 when it did not say.
            attempt     int         NOT NULL,
            path        text        NOT NULL,
            body_hash   bytea       NOT NULL CHECK (length(body_hash) = 32),
            kind        text        NOT NULL CHECK (kind IN
                ('received', 'effect', 'undo', 'replayed', 'null_compensation', 'refused_late', 'rejected',
                 'injected_before', 'injected_after', 'conflict')),
            status      int,
            effect      int         NOT NULL DEFAULT 0 CHECK (effect IN (-1, 0, 1))
        );
        CREATE INDEX IF NOT EXISTS ledger_by_step ON ledger (run_id, step_id);


        """

    private static let functions = """
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the ledger is append-only';
        END $$;
        CREATE OR REPLACE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON ledger
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

        -- An identifier that is the same for every attempt of a call.
        CREATE OR REPLACE FUNCTION make_id(prefix text, call_run text, call_step text) RETURNS text
        LANGUAGE sql IMMUTABLE AS $$
            SELECT prefix || '_' || left(encode(sha256(convert_to(call_run || ':' || call_step, 'UTF8')), 'hex'), 20)
        $$;

        -- Adds up to one entry per call and kind.
        CREATE OR REPLACE FUNCTION note(
            call_run text, call_step text, call_action text, call_attempt int, call_path text, call_hash bytea,
            entry_kind text, entry_status int, entry_effect int
        ) RETURNS void LANGUAGE sql AS $$
            INSERT INTO ledger (run_id, step_id, action, attempt, path, body_hash, kind, status, effect)
            VALUES (call_run, call_step, call_action, call_attempt, call_path, call_hash, entry_kind, entry_status,
                entry_effect)
        $$;


        """

    private static let actionSQL = """
        -- Does the action unless the barrier says otherwise. decline_status is the verdict of checks that need no
        -- table; it counts only if the call is new, and is then stored like any answer.
        CREATE OR REPLACE FUNCTION execute_once(
            call_run text, call_step text, call_path text, call_body json, call_hash bytea,
            decline_status int, decline_detail text,
            OUT out_kind text, OUT out_status int, OUT out_answer json, OUT out_detail text, OUT out_effect int
        ) LANGUAGE plpgsql AS $$
        DECLARE
            seen barrier;
        BEGIN
            out_effect := 0;
            INSERT INTO barrier (run_id, step_id, action, body_hash)
            VALUES (call_run, call_step, 'execute', call_hash) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                SELECT * INTO STRICT seen FROM barrier b
                WHERE b.run_id = call_run AND b.step_id = call_step AND b.action = 'execute';
                IF EXISTS (SELECT FROM barrier b
                    WHERE b.run_id = call_run AND b.step_id = call_step AND b.action = 'compensate')
                THEN
                    out_kind := 'refused_late';
                    out_status := 409;
                    out_detail := 'This action has been compensated already.';
                ELSIF seen.body_hash IS DISTINCT FROM call_hash THEN
                    out_kind := 'conflict';
                    out_status := 422;
                    out_detail := 'This idempotency key has been used with another body.';
                ELSE
                    out_kind := 'replayed';
                    out_status := seen.status;
                    out_answer := seen.answer;
                    out_detail := seen.detail;
                END IF;
                RETURN;
            END IF;
            IF decline_status IS NULL THEN
                SELECT * INTO out_status, out_answer, out_detail, out_effect
                FROM act(call_run, call_step, call_path, call_body);
            ELSE
                out_status := decline_status;
                out_detail := decline_detail;
            END IF;
            out_kind := CASE WHEN out_status < 300 THEN 'effect' ELSE 'rejected' END;
            UPDATE barrier b SET status = out_status, answer = out_answer, detail = out_detail, effect = out_effect
            WHERE b.run_id = call_run AND b.step_id = call_step AND b.action = 'execute';
        END $$;


        """

    private static let compensationSQL = """
        -- Undoes what the step's action did, if it did anything, and sees to it that it cannot happen any more.
        CREATE OR REPLACE FUNCTION compensate_once(
            call_run text, call_step text, call_path text, call_hash bytea,
            OUT out_kind text, OUT out_status int, OUT out_answer json, OUT out_detail text, OUT out_effect int
        ) LANGUAGE plpgsql AS $$
        DECLARE
            seen barrier;
            done int;
        BEGIN
            out_effect := 0;
            INSERT INTO barrier (run_id, step_id, action, body_hash)
            VALUES (call_run, call_step, 'compensate', call_hash) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                SELECT * INTO STRICT seen FROM barrier b
                WHERE b.run_id = call_run AND b.step_id = call_step AND b.action = 'compensate';
                IF seen.body_hash IS DISTINCT FROM call_hash THEN
                    out_kind := 'conflict';
                    out_status := 422;
                    out_detail := 'This idempotency key has been used with another body.';
                ELSE
                    out_kind := 'replayed';
                    out_status := seen.status;
                    out_answer := seen.answer;
                END IF;
                RETURN;
            END IF;
            -- Closes the door, or waits here for an action that is just happening.
            INSERT INTO barrier (run_id, step_id, action)
            VALUES (call_run, call_step, 'execute') ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                SELECT b.effect INTO STRICT done FROM barrier b
                WHERE b.run_id = call_run AND b.step_id = call_step AND b.action = 'execute';
            END IF;
            out_status := 200;
            IF done = 1 THEN
                out_kind := 'undo';
                out_answer := undo(call_run, call_step);
                out_effect := -1;
            ELSE
                out_kind := 'null_compensation';
                out_answer := json_build_object('status', 'nothing to undo');
            END IF;
            UPDATE barrier b SET status = out_status, answer = out_answer, effect = out_effect
            WHERE b.run_id = call_run AND b.step_id = call_step AND b.action = 'compensate';
        END $$;


        """

    private static let procedure = """
        -- One call from its arrival to its answer, in one round trip and two transactions: the first records that it
        -- came, so that a call that dies halfway has left a trace; the second does the work.
        --
        -- fault_status injects a fault before or after the work: into the first fault_times attempts of the key, or
        -- into this call whatever came before when fault_times is null. An injected answer has no body.
        CREATE OR REPLACE PROCEDURE handle(
            call_run text, call_step text, call_action text, call_attempt int, call_path text, call_body json,
            is_recorded bool, decline_status int, decline_detail text,
            fault_status int, fault_times int, fault_after bool,
            OUT out_kind text, OUT out_status int, OUT out_answer json, OUT out_detail text
        ) LANGUAGE plpgsql AS $$
        DECLARE
            -- json keeps its text, so this is the hash of the body as it was sent.
            call_hash bytea := sha256(convert_to(coalesce(call_body::text, ''), 'UTF8'));
            is_injected bool := fault_status IS NOT NULL;
            effect int := 0;
        BEGIN
            IF NOT is_recorded THEN
                -- Not waiting for the disk: the commit below does, for both.
                SET LOCAL synchronous_commit = off;
                PERFORM note(call_run, call_step, call_action, call_attempt, call_path, call_hash, 'received', NULL, 0);
                COMMIT;
            END IF;
            IF is_injected AND fault_times IS NOT NULL THEN
                is_injected := fault_times > (
                    SELECT count(*) FROM ledger l
                    WHERE l.run_id = call_run AND l.step_id = call_step AND l.action = call_action
                        AND l.kind IN ('injected_before', 'injected_after'));
            END IF;
            IF is_injected AND NOT fault_after THEN
                out_kind := 'injected_before';
            ELSIF call_action = 'execute' THEN
                SELECT * INTO out_kind, out_status, out_answer, out_detail, effect
                FROM execute_once(
                    call_run, call_step, call_path, call_body, call_hash, decline_status, decline_detail);
            ELSE
                SELECT * INTO out_kind, out_status, out_answer, out_detail, effect
                FROM compensate_once(call_run, call_step, call_path, call_hash);
            END IF;
            IF NOT is_injected OR fault_after THEN
                PERFORM note(call_run, call_step, call_action, call_attempt, call_path, call_hash, out_kind, out_status,
                    effect);
            END IF;
            IF is_injected THEN
                IF fault_after THEN
                    out_kind := 'injected_after';
                END IF;
                out_status := fault_status;
                out_answer := NULL;
                out_detail := 'This fault was asked for.';
                PERFORM note(call_run, call_step, call_action, call_attempt, call_path, call_hash, out_kind,
                    fault_status, 0);
            END IF;
        END $$;

        """
}
