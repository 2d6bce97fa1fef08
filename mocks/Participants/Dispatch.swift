internal import Core

extension Participant {
    /// Reserves pickup slots and assigns agents to orders: two or more at once, a row each, all or none.
    static let dispatch = Participant(
        name: "dispatch",
        routes: [
            "/slots/reserve": Route(.execute),
            "/slots/release": Route(.compensate),
            "/agents/assign": Route(.execute, check: checkAssignment),
            "/agents/unassign": Route(.compensate),
        ],
        schema: tables + functions)

    private static func checkAssignment(_ body: JSON) -> Refusal? {
        guard let count = body["count"], !count.isNull else { return nil }
        guard let count = count.int, count >= 2 else { return Refusal(422, "A count is an integer of 2 or more.") }
        return count > 20 ? Refusal(409, "There are not that many agents.") : nil
    }

    private static let tables = """
        CREATE TABLE IF NOT EXISTS slots (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            slot_id    text        NOT NULL,
            order_id   text,
            pickup_at  text,
            status     text        NOT NULL CHECK (status IN ('reserved', 'released')),
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id)
        );
        CREATE TABLE IF NOT EXISTS agents (
            agent_id text PRIMARY KEY
        );
        INSERT INTO agents SELECT 'agent-' || lpad(n::text, 2, '0') FROM generate_series(1, 20) n
        ON CONFLICT DO NOTHING;
        CREATE TABLE IF NOT EXISTS assignments (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            agent_id   text        NOT NULL REFERENCES agents,
            order_id   text,
            status     text        NOT NULL CHECK (status IN ('assigned', 'unassigned')),
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id, agent_id)
        );


        """

    private static let functions = """
        CREATE OR REPLACE FUNCTION act(
            call_run text, call_step text, call_path text, body json,
            OUT status int, OUT answer json, OUT detail text, OUT effect int
        ) LANGUAGE plpgsql AS $$
        DECLARE
            id text := make_id('slot', call_run, call_step);
            chosen text[];
        BEGIN
            status := 200;
            effect := 1;
            IF call_path = '/slots/reserve' THEN
                INSERT INTO slots
                VALUES (call_run, call_step, id, body->>'orderId', body->>'pickupAt', 'reserved');
                answer := json_build_object('slotId', id, 'orderId', body->'orderId', 'pickupAt', body->'pickupAt',
                    'status', 'reserved');
                RETURN;
            END IF;
            -- By a hash, so that the work spreads over the agents and one call always gets the same.
            SELECT array_agg(c.agent_id) INTO chosen FROM (
                SELECT a.agent_id FROM agents a ORDER BY md5(a.agent_id || id)
                LIMIT coalesce((body->>'count')::int, 2)) c;
            INSERT INTO assignments
            SELECT call_run, call_step, agent, body->>'orderId', 'assigned' FROM unnest(chosen) agent;
            answer := json_build_object('orderId', body->'orderId', 'agents', to_json(chosen), 'status', 'assigned');
        END $$;

        CREATE OR REPLACE FUNCTION undo(call_run text, call_step text) RETURNS json LANGUAGE plpgsql AS $$
        DECLARE
            id text;
            count bigint;
        BEGIN
            UPDATE slots s SET status = 'released' WHERE s.run_id = call_run AND s.step_id = call_step
            RETURNING s.slot_id INTO id;
            IF FOUND THEN
                RETURN json_build_object('slotId', id, 'status', 'released');
            END IF;
            UPDATE assignments a SET status = 'unassigned' WHERE a.run_id = call_run AND a.step_id = call_step;
            GET DIAGNOSTICS count = ROW_COUNT;
            RETURN json_build_object('agents', count, 'status', 'unassigned');
        END $$;

        """
}
