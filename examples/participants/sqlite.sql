-- How a participant takes part in sagas, for SQLite 3.24 and newer: a table and two statements to copy into your own
-- program. docs/participants.md says why; a test runs this file, and seats.py is a whole participant that has it.
--
--     BEGIN IMMEDIATE;       -- one writer at a time: a second call waits here, for as long as busy_timeout says
--     look                   -- a row: nothing is to be done, answer with this status and this body
--     do the work (or undo it)
--     record                 -- with the answer
--     COMMIT;                -- and only now answer
--
-- An action that is refused for good (the show is sold out) is recorded, too, with its 4xx, before anything was changed.
-- Whatever else goes wrong, and a compensation that can't be done: ROLLBACK, and nothing is remembered.
--
-- An undo looks for what its step did by run and step, and finding nothing is a success. It is recorded all the same: that
-- keeps the action out if it comes late.

-- table
CREATE TABLE IF NOT EXISTS saga_calls (
    run_id     TEXT    NOT NULL,
    step_id    TEXT    NOT NULL,
    action     TEXT    NOT NULL CHECK (action IN ('execute', 'compensate')),
    status     INTEGER NOT NULL,
    answer     TEXT    NOT NULL,
    created_at TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (run_id, step_id, action)
);

-- look: what was answered before; 409 for an action whose compensation has been here
SELECT CASE WHEN action = :action THEN status ELSE 409 END,
    CASE WHEN action = :action THEN answer ELSE '{"detail": "This action has been undone."}' END
FROM saga_calls
WHERE run_id = :run AND step_id = :step AND action IN (:action, 'compensate')
ORDER BY action LIMIT 1;

-- record
INSERT INTO saga_calls (run_id, step_id, action, status, answer) VALUES (:run, :step, :action, :status, :answer);
