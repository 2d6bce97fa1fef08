internal import Core

extension Participant {
    /// Keeps stock by sku. A sku nobody knew has a million; `out-of-stock` never has any.
    static let inventory = Participant(
        name: "inventory",
        routes: [
            "/reserve": Route(.execute, check: checkReservation),
            "/release": Route(.compensate),
        ],
        schema: tables + functions)

    private static func checkReservation(_ body: JSON) -> Refusal? {
        if let sku = body["sku"], !sku.isNull {
            guard let sku = sku.string else { return Refusal(422, "A sku is a string.") }
            if sku == "out-of-stock" { return Refusal(409, "Out of stock.") }
        }
        guard let quantity = body["quantity"], !quantity.isNull else { return nil }
        if let count = quantity.int, (1...1_000_000).contains(count) { return nil }
        return Refusal(422, "A quantity is an integer from 1 to 1000000.")
    }

    private static let tables = """
        CREATE TABLE IF NOT EXISTS stock (
            sku       text   PRIMARY KEY,
            available bigint NOT NULL CHECK (available >= 0)
        );
        CREATE TABLE IF NOT EXISTS reservations (
            run_id         text        NOT NULL,
            step_id        text        NOT NULL,
            reservation_id text        NOT NULL,
            order_id       text,
            sku            text        NOT NULL,
            quantity       bigint      NOT NULL CHECK (quantity > 0),
            status         text        NOT NULL CHECK (status IN ('reserved', 'released')),
            created_at     timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id)
        );


        """

    private static let functions = """
        CREATE OR REPLACE FUNCTION act(
            call_run text, call_step text, call_path text, body json,
            OUT status int, OUT answer json, OUT detail text, OUT effect int
        ) LANGUAGE plpgsql AS $$
        DECLARE
            wanted text := coalesce(body->>'sku', 'standard');
            pieces bigint := coalesce((body->>'quantity')::bigint, 1);
            id text := make_id('res', call_run, call_step);
        BEGIN
            effect := 0;
            INSERT INTO stock AS s VALUES (wanted, 1000000 - pieces)
            ON CONFLICT (sku) DO UPDATE SET available = s.available - pieces WHERE s.available >= pieces;
            IF NOT FOUND THEN
                status := 409;
                detail := 'Out of stock.';
                RETURN;
            END IF;
            INSERT INTO reservations VALUES (call_run, call_step, id, body->>'orderId', wanted, pieces, 'reserved');
            status := 200;
            effect := 1;
            answer := json_build_object('reservationId', id, 'orderId', body->'orderId', 'sku', wanted,
                'quantity', pieces, 'status', 'reserved');
        END $$;

        CREATE OR REPLACE FUNCTION undo(call_run text, call_step text) RETURNS json LANGUAGE plpgsql AS $$
        DECLARE
            released reservations;
        BEGIN
            UPDATE reservations r SET status = 'released' WHERE r.run_id = call_run AND r.step_id = call_step
            RETURNING * INTO STRICT released;
            UPDATE stock s SET available = s.available + released.quantity WHERE s.sku = released.sku;
            RETURN json_build_object('reservationId', released.reservation_id, 'status', 'released');
        END $$;

        """
}
