internal import Core

extension Participant {
    /// Sends messages. One that was sent cannot be unsent: cancelling it marks it, as a correction would.
    static let notifications = Participant(
        name: "notifications",
        routes: ["/send": Route(.execute), "/cancel": Route(.compensate)],
        schema: tables + functions)

    private static let tables = """
        CREATE TABLE IF NOT EXISTS messages (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            message_id text        NOT NULL,
            recipient  text,
            template   text,
            order_id   text,
            status     text        NOT NULL CHECK (status IN ('sent', 'cancelled')),
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id)
        );


        """

    private static let functions = """
        CREATE OR REPLACE FUNCTION act(
            call_run text, call_step text, call_path text, body json,
            OUT status int, OUT answer json, OUT detail text, OUT effect int
        ) LANGUAGE plpgsql AS $$
        DECLARE
            id text := make_id('msg', call_run, call_step);
        BEGIN
            INSERT INTO messages
            VALUES (call_run, call_step, id, body->>'to', body->>'template', body->>'orderId', 'sent');
            status := 200;
            effect := 1;
            answer := json_build_object('messageId', id, 'to', body->'to', 'status', 'sent');
        END $$;

        CREATE OR REPLACE FUNCTION undo(call_run text, call_step text) RETURNS json LANGUAGE plpgsql AS $$
        DECLARE
            id text;
        BEGIN
            UPDATE messages m SET status = 'cancelled' WHERE m.run_id = call_run AND m.step_id = call_step
            RETURNING m.message_id INTO STRICT id;
            RETURN json_build_object('messageId', id, 'status', 'cancelled');
        END $$;

        """
}
