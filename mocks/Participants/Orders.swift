internal import Core

extension Participant {
    /// Takes orders and confirms them. Cancelling withdraws what the step did: its order, or its confirmation.
    static let orders = Participant(
        name: "orders",
        routes: [
            "/orders": Route(.execute),
            "/orders/confirm": Route(.execute),
            "/orders/cancel": Route(.compensate),
        ],
        schema: tables + functions)

    private static let tables = """
        CREATE TABLE IF NOT EXISTS orders (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            order_id   text        NOT NULL UNIQUE,
            -- The client's own name for it.
            reference  text,
            amount     text,
            status     text        NOT NULL CHECK (status IN ('created', 'confirmed', 'cancelled')),
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id)
        );
        CREATE TABLE IF NOT EXISTS confirmations (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            order_id   text        NOT NULL,
            status     text        NOT NULL CHECK (status IN ('confirmed', 'withdrawn')),
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
            id text := make_id('ord', call_run, call_step);
        BEGIN
            status := 200;
            effect := 1;
            IF call_path = '/orders' THEN
                INSERT INTO orders
                VALUES (call_run, call_step, id, body->>'reference', body->>'amount', 'created');
                answer := json_build_object('orderId', id, 'reference', body->'reference', 'status', 'created');
                RETURN;
            END IF;
            UPDATE orders o SET status = 'confirmed'
            WHERE o.order_id = body->>'orderId' AND o.status = 'created' RETURNING o.order_id INTO id;
            IF NOT FOUND THEN
                status := 409;
                detail := 'There is no such order that could be confirmed.';
                effect := 0;
                RETURN;
            END IF;
            INSERT INTO confirmations VALUES (call_run, call_step, id, 'confirmed');
            answer := json_build_object('orderId', id, 'status', 'confirmed');
        END $$;

        CREATE OR REPLACE FUNCTION undo(call_run text, call_step text) RETURNS json LANGUAGE plpgsql AS $$
        DECLARE
            id text;
        BEGIN
            UPDATE orders o SET status = 'cancelled' WHERE o.run_id = call_run AND o.step_id = call_step
            RETURNING o.order_id INTO id;
            IF NOT FOUND THEN
                UPDATE confirmations c SET status = 'withdrawn' WHERE c.run_id = call_run AND c.step_id = call_step
                RETURNING c.order_id INTO STRICT id;
                UPDATE orders o SET status = 'created' WHERE o.order_id = id AND o.status = 'confirmed';
                RETURN json_build_object('orderId', id, 'status', 'confirmation withdrawn');
            END IF;
            RETURN json_build_object('orderId', id, 'status', 'cancelled');
        END $$;

        """
}
