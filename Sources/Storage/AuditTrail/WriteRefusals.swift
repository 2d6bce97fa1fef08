package import Core
package import Postgres

/// A call that was refused, or several alike.
package struct RefusedCall: Sendable, Hashable {
    /// Whose the caller is; `*` for one of all tenants.
    package let tenantID: String
    package let actor: String
    /// The method and path that were asked for, as in `POST /v1/runs/{runId}/cancel`.
    package let action: String
    package let subject: String?
    package let reason: String
    package let origin: CallOrigin
    /// What else there is to say.
    package let detail: JSON

    package init(
        tenantID: String, actor: String, action: String, subject: String?, reason: String, origin: CallOrigin,
        detail: JSON = [:]
    ) {
        self.tenantID = tenantID
        self.actor = actor
        self.action = action
        self.subject = subject
        self.reason = reason
        self.origin = origin
        self.detail = detail
    }
}

/// Writes refusals into the audit trail: they change nothing, so there is no statement that could write them along.
package struct WriteRefusals: Statement {
    private let calls: [RefusedCall]

    /// How many were written.
    package typealias Row = Int64

    package init(_ calls: [RefusedCall]) { self.calls = calls }

    // In the order of the tenants, whose heads each row locks.
    package static let sql = """
        WITH written AS (
            INSERT INTO audit_trail (
                tenant_id, actor, action, subject, outcome, reason, detail, client_address, request_id, trace_id)
            SELECT tenant_id, actor, action, nullif(subject, ''), 'refused', reason, detail::json,
                nullif(client_address, ''), nullif(request_id, ''), nullif(trace_id, '')
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[]) WITH ORDINALITY AS c (tenant_id, actor, action, subject, reason, detail, client_address,
                request_id, trace_id, place)
            ORDER BY c.tenant_id, c.place RETURNING 1
        )
        SELECT count(*) FROM written
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.textArray(calls.map(\.tenantID))
        parameters.textArray(calls.map(\.actor))
        parameters.textArray(calls.map(\.action))
        parameters.textArray(calls.map { $0.subject ?? "" })
        parameters.textArray(calls.map(\.reason))
        parameters.textArray(calls.map { $0.detail.text })
        parameters.textArray(calls.map { $0.origin.address ?? "" })
        parameters.textArray(calls.map { $0.origin.requestID ?? "" })
        parameters.textArray(calls.map { $0.origin.traceID ?? "" })
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}
