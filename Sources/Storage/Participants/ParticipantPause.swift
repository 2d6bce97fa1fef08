package import Core
package import Postgres

/// Why no calls are sent to a participant for the time being.
package struct ParticipantPause: Sendable, Hashable {
    package let since: Instant
    /// The admin token's name.
    package let by: String
    package let reason: String

    static let columns = "paused_at, paused_by, pause_reason"

    /// The next three columns; nil when the participant is not paused.
    static func read(_ row: inout RowReader) throws(PostgresError) -> ParticipantPause? {
        let (since, by, reason) = (try row.instantOrNil(), try row.textOrNil(), try row.textOrNil())
        guard let since, let by else { return nil }
        return ParticipantPause(since: since, by: by, reason: reason ?? "")
    }
}

/// Pauses a participant; no row comes back when there is none such.
///
/// Done again it keeps its time, and takes the new name and reason. `updated_at` stays: engines take a participant that was
/// registered anew for another one, and forget what they know of it.
package struct PauseParticipant: Statement {
    package let participant: ParticipantID
    package let by: String
    package let reason: String
    package let origin: CallOrigin

    package typealias Row = ParticipantPause

    package init(_ participant: ParticipantID, by: String, reason: String, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.participant = participant
        self.by = by
        self.reason = reason
    }

    package static let sql = """
        WITH changed AS (
            UPDATE participants SET paused_at = COALESCE(paused_at, now()), paused_by = $2, pause_reason = $3
            WHERE tenant_id = $5 AND participant_name = $1
            RETURNING \(ParticipantPause.columns)
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$5::text", by: "$2", origin: "$4", action: "'pause_participant'",
                subject: "'participants/' || $1", detail: "json_build_object('reason', $3::text)", from: "changed"))
        )
        SELECT \(ParticipantPause.columns) FROM changed
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(participant.name)
        parameters.text(by)
        parameters.text(reason)
        parameters.origin(origin)
        parameters.text(participant.owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ParticipantPause {
        guard let pause = try ParticipantPause.read(&row) else { throw .decoding("a pause without its time") }
        return pause
    }
}

/// Takes the pause of a participant back; no row comes back when there is none such.
package struct ResumeParticipant: Statement {
    package let participant: ParticipantID
    package let by: String
    package let reason: String?
    package let origin: CallOrigin

    /// Whether it was paused.
    package typealias Row = Bool

    package init(_ participant: ParticipantID, by: String, reason: String?, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.participant = participant
        self.by = by
        self.reason = reason
    }

    // `known` locks the row, so that of two who resume at once one finds nothing to do.
    package static let sql = """
        WITH known AS MATERIALIZED (
            SELECT paused_at IS NOT NULL AS is_paused FROM participants
            WHERE tenant_id = $5 AND participant_name = $1 FOR UPDATE
        ), changed AS (
            UPDATE participants SET paused_at = NULL, paused_by = NULL, pause_reason = NULL
            FROM known WHERE is_paused AND tenant_id = $5 AND participant_name = $1
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$5::text", by: "$2", origin: "$4", action: "'resume_participant'",
                subject: "'participants/' || $1", detail: "json_build_object('reason', $3::text)",
                from: "known WHERE is_paused"))
        )
        SELECT is_paused FROM known
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(participant.name)
        parameters.text(by)
        parameters.text(reason)
        parameters.origin(origin)
        parameters.text(participant.owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
