internal import Core

extension Participant {
    /// Issues invoices, reports them to the tax office and archives them. Each has its own way back.
    static let invoicing = Participant(
        name: "invoicing",
        routes: [
            "/invoices": Route(.execute),
            "/invoices/cancel": Route(.compensate),
            "/fiscal-docs": Route(.execute),
            "/fiscal-docs/void": Route(.compensate),
            "/archive": Route(.execute),
            "/archive/remove": Route(.compensate),
        ],
        schema: tables + functions)

    private static let tables = """
        CREATE TABLE IF NOT EXISTS invoices (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            invoice_id text        NOT NULL,
            order_id   text,
            amount     text,
            status     text        NOT NULL CHECK (status IN ('issued', 'cancelled')),
            number     bigint      GENERATED ALWAYS AS IDENTITY,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id)
        );
        CREATE TABLE IF NOT EXISTS fiscal_docs (
            run_id        text        NOT NULL,
            step_id       text        NOT NULL,
            fiscal_doc_id text        NOT NULL,
            invoice_id    text,
            status        text        NOT NULL CHECK (status IN ('emitted', 'voided')),
            created_at    timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (run_id, step_id)
        );
        CREATE TABLE IF NOT EXISTS archive (
            run_id     text        NOT NULL,
            step_id    text        NOT NULL,
            archive_id text        NOT NULL,
            invoice_id text,
            status     text        NOT NULL CHECK (status IN ('archived', 'removed')),
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
            id text;
            next_number bigint;
        BEGIN
            status := 200;
            effect := 1;
            IF call_path = '/invoices' THEN
                id := make_id('inv', call_run, call_step);
                INSERT INTO invoices VALUES (call_run, call_step, id, body->>'orderId', body->>'amount', 'issued')
                RETURNING number INTO next_number;
                answer := json_build_object('invoiceId', id, 'number', 'INV-' || lpad(next_number::text, 8, '0'),
                    'orderId', body->'orderId', 'amount', body->'amount', 'status', 'issued');
            ELSIF call_path = '/fiscal-docs' THEN
                id := make_id('fis', call_run, call_step);
                INSERT INTO fiscal_docs VALUES (call_run, call_step, id, body->>'invoiceId', 'emitted');
                answer := json_build_object('fiscalDocId', id, 'invoiceId', body->'invoiceId', 'status', 'emitted');
            ELSE
                id := make_id('arc', call_run, call_step);
                INSERT INTO archive VALUES (call_run, call_step, id, body->>'invoiceId', 'archived');
                answer := json_build_object('archiveId', id, 'invoiceId', body->'invoiceId', 'status', 'archived');
            END IF;
        END $$;

        CREATE OR REPLACE FUNCTION undo(call_run text, call_step text) RETURNS json LANGUAGE plpgsql AS $$
        DECLARE
            id text;
        BEGIN
            UPDATE invoices i SET status = 'cancelled' WHERE i.run_id = call_run AND i.step_id = call_step
            RETURNING i.invoice_id INTO id;
            IF FOUND THEN
                RETURN json_build_object('invoiceId', id, 'status', 'cancelled');
            END IF;
            UPDATE fiscal_docs f SET status = 'voided' WHERE f.run_id = call_run AND f.step_id = call_step
            RETURNING f.fiscal_doc_id INTO id;
            IF FOUND THEN
                RETURN json_build_object('fiscalDocId', id, 'status', 'voided');
            END IF;
            UPDATE archive a SET status = 'removed' WHERE a.run_id = call_run AND a.step_id = call_step
            RETURNING a.archive_id INTO STRICT id;
            RETURN json_build_object('archiveId', id, 'status', 'removed');
        END $$;

        """
}
