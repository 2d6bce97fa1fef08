-- How a participant takes part in sagas, for PostgreSQL 10 and newer: a table and two functions to copy into your own
-- database. docs/participants.md says why; a test runs this file.
--
-- In the transaction that does the work, with the headers X-Saga-Run-Id, X-Saga-Step-Id and X-Saga-Action:
--
--     BEGIN;
--     SELECT * FROM saga_begin(RUN, STEP, ACTION);      -- go, status, answer
--         go:      do the work (or undo it), then
--                  SELECT saga_end(RUN, STEP, ACTION, 200, '{"paymentId": "p-7"}');
--         not go:  nothing is to be done: answer with this status and this body
--     COMMIT;                                           -- and only now answer
--
-- An action that is refused for good (the card is declined) ends with saga_end, too, with its 4xx, before anything was
-- changed. Whatever else goes wrong, and a compensation that can't be done: ROLLBACK, and nothing is remembered.
--
-- READ COMMITTED, the default, is enough. Under REPEATABLE READ and SERIALIZABLE a second call fails with 40001 instead of
-- waiting: ROLLBACK, and answer 503 with Retry-After.

CREATE TABLE IF NOT EXISTS saga_calls (
    run_id     text        NOT NULL,
    step_id    text        NOT NULL,
    action     text        NOT NULL CHECK (action IN ('execute', 'compensate')),
    -- What was answered. Null only inside of the transaction that is still at work.
    status     int,
    answer     json,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, step_id, action)
);
-- For deleting what is old: docs/participants.md says how old.
CREATE INDEX IF NOT EXISTS saga_calls_by_age ON saga_calls (created_at);

-- Whether this call is to be done, and what to answer if not. A second call with the same key waits in here until the
-- first has ended, and so does a compensation while its action is at work.
CREATE OR REPLACE FUNCTION saga_begin(
    call_run text, call_step text, call_action text, OUT go boolean, OUT status int, OUT answer json
) LANGUAGE plpgsql AS $$
DECLARE
    done int;
BEGIN
    INSERT INTO saga_calls (run_id, step_id, action) VALUES (call_run, call_step, call_action)
    ON CONFLICT DO NOTHING;
    go := FOUND;
    IF NOT go THEN
        SELECT c.status, c.answer INTO STRICT status, answer FROM saga_calls c
        WHERE c.run_id = call_run AND c.step_id = call_step AND c.action = call_action;
        IF status IS NULL THEN
            RAISE EXCEPTION 'a call of %:%:% was committed without saga_end', call_run, call_step, call_action;
        END IF;
        IF call_action = 'execute' AND EXISTS (SELECT FROM saga_calls c
            WHERE c.run_id = call_run AND c.step_id = call_step AND c.action = 'compensate')
        THEN
            status := 409;
            answer := '{"detail": "This action has been undone."}';
        END IF;
    ELSIF call_action = 'compensate' THEN
        -- Closes the door to an action that has not come, or waits here for one that is at work.
        INSERT INTO saga_calls (run_id, step_id, action, status, answer)
        VALUES (call_run, call_step, 'execute', 409, '{"detail": "This action was undone before it came."}')
        ON CONFLICT DO NOTHING;
        SELECT c.status INTO STRICT done FROM saga_calls c
        WHERE c.run_id = call_run AND c.step_id = call_step AND c.action = 'execute';
        IF done IS NULL THEN
            RAISE EXCEPTION 'a call of %:%:execute was committed without saga_end', call_run, call_step;
        END IF;
        IF done >= 300 THEN
            go := false;
            status := 200;
            answer := '{"detail": "There was nothing to undo."}';
            PERFORM saga_end(call_run, call_step, call_action, status, answer);
        END IF;
    END IF;
END $$;

-- Remembers what the call is answered with. The last statement before COMMIT.
CREATE OR REPLACE FUNCTION saga_end(
    call_run text, call_step text, call_action text, call_status int, call_answer json
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE saga_calls SET status = call_status, answer = call_answer
    WHERE run_id = call_run AND step_id = call_step AND action = call_action;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'saga_end without saga_begin';
    END IF;
END $$;
