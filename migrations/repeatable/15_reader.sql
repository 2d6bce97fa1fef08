-- What the role sagaflow_reader may read; of which rows is a matter of policies (001_sagas.up.sql). Roles are the whole server's, and
-- to make one takes rights that whoever migrates may not have: so this grants where the role is there, and says whether it is. Who
-- makes the role later calls it once.
--
-- Not granted: partitions (a policy holds for what is read by its table), participants (credentials), callback_keys and
-- signing_keys, digests of API keys, engines and pauses, which are nobody's in particular, and anything but SELECT.
CREATE OR REPLACE FUNCTION grant_reader() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    shown name;
BEGIN
    IF to_regrole('sagaflow_reader') IS NULL THEN
        RETURN false;
    END IF;
    IF NOT has_schema_privilege('sagaflow_reader', current_schema(), 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO sagaflow_reader', current_schema());
    END IF;
    GRANT SELECT ON reader_tenants, workflow_definitions, held_starts, workflow_runs, run_journal, outbox, run_inbox,
        idempotency_keys, audit_heads, audit_trail, tenants, run_minutes TO sagaflow_reader;
    GRANT SELECT (key_id, key_name, tenant_id, workflows, roles, created_at, created_by, expires_at, last_used_at, revoked_at,
        revoked_by) ON api_keys TO sagaflow_reader;
    -- Made by the file after this one.
    FOREACH shown IN ARRAY ARRAY['run_events', 'run_steps', 'step_attempts'] LOOP
        CONTINUE WHEN to_regclass(shown::text) IS NULL;
        EXECUTE format('GRANT SELECT ON %I TO sagaflow_reader', shown);
    END LOOP;
    RETURN true;
END
$$;
SELECT grant_reader();
