internal import Core

extension Participant {
    /// Takes money and gives it back, at once or later. Declines amounts above 500.
    static let payments = Participant(
        name: "payments",
        routes: [
            "/charge": Route(.execute, .compensate, check: checkAmount),
            "/charge-later": Route(.execute, isLater: true, check: checkAmount),
            "/refund": Route(.execute, .compensate, check: checkAmount),
            "/validate-refund": Route(.execute, check: checkAmount),
        ],
        schema: tables + functions)

    private static let limit = JSONNumber(500)

    private static func checkAmount(_ body: JSON) -> Refusal? {
        guard let amount = body["amount"], !amount.isNull else { return nil }
        guard let number = amount.number else { return Refusal(422, "An amount is a number.") }
        if JSONNumber.compare(number, JSONNumber(0)) == .less { return Refusal(422, "An amount is not negative.") }
        return JSONNumber.compare(number, limit) == .greater ? Refusal(422, "The payment was declined.") : nil
    }

    private static let tables = """
        CREATE TABLE IF NOT EXISTS payments (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            payment_id text        NOT NULL UNIQUE,
            order_id   text,
            amount     numeric     NOT NULL,
            status     text        NOT NULL CHECK (status IN ('captured', 'refunded')),
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id)
        );
        CREATE TABLE IF NOT EXISTS refunds (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            refund_id  text        NOT NULL,
            payment_id text,
            amount     numeric     NOT NULL,
            status     text        NOT NULL CHECK (status IN ('refunded', 'reversed')),
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
            paid numeric := coalesce((body->>'amount')::numeric, 0);
            id text;
        BEGIN
            status := 200;
            effect := 1;
            IF call_path IN ('/charge', '/charge-later') THEN
                id := make_id('pay', call_run, call_step);
                INSERT INTO payments VALUES (call_run, call_step, id, body->>'orderId', paid, 'captured');
                answer := json_build_object('paymentId', id, 'orderId', body->'orderId', 'amount', body->'amount',
                    'status', 'captured');
            ELSIF call_path = '/refund' THEN
                id := make_id('ref', call_run, call_step);
                INSERT INTO refunds VALUES (call_run, call_step, id, body->>'paymentId', paid, 'refunded');
                UPDATE payments p SET status = 'refunded' WHERE p.payment_id = body->>'paymentId';
                answer := json_build_object('refundId', id, 'paymentId', body->'paymentId', 'amount', body->'amount',
                    'status', 'refunded');
            ELSE
                effect := 0;
                answer := json_build_object('valid', true, 'paymentId', body->'paymentId', 'orderId', body->'orderId',
                    'amount', body->'amount');
            END IF;
        END $$;

        -- Gives a step's charge back, or takes a step's refund back.
        CREATE OR REPLACE FUNCTION undo(call_run text, call_step text) RETURNS json LANGUAGE plpgsql AS $$
        DECLARE
            id text;
        BEGIN
            UPDATE payments p SET status = 'refunded' WHERE p.run_id = call_run AND p.step_id = call_step;
            IF FOUND THEN
                id := make_id('ref', call_run, call_step);
                INSERT INTO refunds
                SELECT p.run_id, p.step_id, id, p.payment_id, p.amount, 'refunded' FROM payments p
                WHERE p.run_id = call_run AND p.step_id = call_step;
                RETURN json_build_object('refundId', id, 'status', 'refunded');
            END IF;
            UPDATE refunds r SET status = 'reversed' WHERE r.run_id = call_run AND r.step_id = call_step
            RETURNING r.refund_id INTO id;
            UPDATE payments p SET status = 'captured' FROM refunds r
            WHERE r.run_id = call_run AND r.step_id = call_step AND p.payment_id = r.payment_id;
            RETURN json_build_object('refundId', id, 'status', 'reversed');
        END $$;

        """
}
