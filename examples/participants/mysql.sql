-- How a participant takes part in sagas, for MySQL 8 and MariaDB 10.5 and newer: a table and two procedures to copy into
-- your own database. docs/participants.md says why. A test runs this file on MariaDB; on MySQL it is not run.
--
-- In the transaction that does the work, with the headers X-Saga-Run-Id, X-Saga-Step-Id and X-Saga-Action:
--
--     START TRANSACTION;
--     CALL saga_begin(RUN, STEP, ACTION);               -- one row: go, status, answer
--         go = 1:  do the work (or undo it), then
--                  CALL saga_end(RUN, STEP, ACTION, 200, '{"paymentId": "p-7"}');
--         go = 0:  nothing is to be done: answer with this status and this body
--     COMMIT;                                           -- and only now answer
--
-- An action that is refused for good (the card is declined) ends with saga_end, too, with its 4xx, before anything was
-- changed. Whatever else goes wrong, and a compensation that can't be done: ROLLBACK, and nothing is remembered.
--
-- Errors 1205 (a lock was waited for too long) and 1213 (a deadlock, possible when a first call is rolled back while
-- several others wait for it) mean that nothing was done: ROLLBACK, and answer 503 with Retry-After. 1205 by itself rolls back
-- one statement only, so don't leave the ROLLBACK out.

CREATE TABLE IF NOT EXISTS saga_calls (
    -- Compared byte by byte: the usual collations take upper and lower case for the same.
    run_id     VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    step_id    VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    action     VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL CHECK (action IN ('execute', 'compensate')),
    -- What was answered. Null only inside of the transaction that is still at work.
    status     INT,
    -- Text, not JSON, which would put members into another order.
    answer     MEDIUMTEXT CHARACTER SET utf8mb4,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    PRIMARY KEY (run_id, step_id, action),
    -- For deleting what is old: docs/participants.md says how old.
    KEY saga_calls_by_age (created_at)
) ENGINE = InnoDB;

DELIMITER //

DROP PROCEDURE IF EXISTS saga_begin //
-- Whether this call is to be done, and what to answer if not. A second call with the same key waits in here until the
-- first has ended, and so does a compensation while its action is at work.
--
-- Parameters have the collation of their columns: with another one the key would not be used, and a statement would read,
-- and lock, all rows.
--
-- A duplicate is told by its error, not by a count of rows, which depends on a flag of the connection. What is there is
-- read with a lock, because a plain SELECT would show the table as it was when the transaction began.
CREATE PROCEDURE saga_begin(
    IN call_run VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
    IN call_step VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
    IN call_action VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin
)
BEGIN
    DECLARE go BOOLEAN DEFAULT TRUE;
    DECLARE was_there BOOLEAN DEFAULT FALSE;
    DECLARE seen_status INT;
    DECLARE seen_answer MEDIUMTEXT CHARACTER SET utf8mb4;
    DECLARE CONTINUE HANDLER FOR 1062 SET was_there = TRUE;

    INSERT INTO saga_calls (run_id, step_id, action) VALUES (call_run, call_step, call_action);
    IF was_there THEN
        SET go = FALSE;
        SELECT status, answer INTO seen_status, seen_answer FROM saga_calls
        WHERE run_id = call_run AND step_id = call_step AND action = call_action LOCK IN SHARE MODE;
        IF seen_status IS NULL THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a call was committed without saga_end';
        END IF;
        IF call_action = 'execute' AND EXISTS (SELECT 1 FROM saga_calls
            WHERE run_id = call_run AND step_id = call_step AND action = 'compensate')
        THEN
            SET seen_status = 409, seen_answer = '{"detail": "This action has been undone."}';
        END IF;
    ELSEIF call_action = 'compensate' THEN
        -- Closes the door to an action that has not come, or waits here for one that is at work.
        INSERT INTO saga_calls (run_id, step_id, action, status, answer)
        VALUES (call_run, call_step, 'execute', 409, '{"detail": "This action was undone before it came."}');
        SELECT status INTO seen_status FROM saga_calls
        WHERE run_id = call_run AND step_id = call_step AND action = 'execute' LOCK IN SHARE MODE;
        IF seen_status IS NULL THEN
            SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an action was committed without saga_end';
        END IF;
        IF seen_status >= 300 THEN
            SET go = FALSE, seen_status = 200, seen_answer = '{"detail": "There was nothing to undo."}';
            CALL saga_end(call_run, call_step, call_action, seen_status, seen_answer);
        ELSE
            SET seen_status = NULL;
        END IF;
    END IF;
    SELECT go, seen_status AS status, seen_answer AS answer;
END //

DROP PROCEDURE IF EXISTS saga_end //
-- Remembers what the call is answered with. The last statement before COMMIT.
CREATE PROCEDURE saga_end(
    IN call_run VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
    IN call_step VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
    IN call_action VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin,
    IN call_status INT, IN call_answer MEDIUMTEXT CHARACTER SET utf8mb4
)
BEGIN
    UPDATE saga_calls SET status = call_status, answer = call_answer
    WHERE run_id = call_run AND step_id = call_step AND action = call_action;
    IF ROW_COUNT() = 0 THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'saga_end without saga_begin';
    END IF;
END //

DELIMITER ;
