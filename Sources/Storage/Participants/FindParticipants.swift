package import Core
package import Postgres

/// Participants of all owners, of one, or a single one of one: shared ones first.
package struct FindParticipants: Statement {
    /// Nil for all.
    package let owner: Owner?
    /// Nil for all.
    package let name: String?

    package typealias Row = StoredParticipant

    /// - Parameter owner: nil for all.
    package init(of owner: Owner? = nil) {
        self.owner = owner
        name = nil
    }

    package init(_ participant: ParticipantID) {
        owner = participant.owner
        name = participant.name
    }

    package static let sql = """
        SELECT \(StoredParticipant.columns) FROM participants
        WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR participant_name = $2)
        ORDER BY tenant_id <> '*', tenant_id, participant_name LIMIT \(StoredParticipant.most)
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(owner?.name)
        parameters.text(name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredParticipant {
        try StoredParticipant(&row)
    }
}

/// Participants as an owner's calls find them, by name: a tenant's own hide shared ones of their names.
package struct FindVisibleParticipants: Statement {
    package let owner: Owner
    /// Nil for all.
    package let name: String?

    package typealias Row = StoredParticipant

    package init(to owner: Owner, name: String? = nil) {
        self.owner = owner
        self.name = name
    }

    package static let sql = """
        SELECT DISTINCT ON (participant_name) \(StoredParticipant.columns) FROM participants
        WHERE tenant_id IN ('*', $1) AND ($2::text IS NULL OR participant_name = $2)
        ORDER BY participant_name, tenant_id = '*' LIMIT \(StoredParticipant.most)
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(owner.name)
        parameters.text(name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredParticipant {
        try StoredParticipant(&row)
    }
}

extension Pool {
    /// The participants there are for what an owner registers: its own, and the shared ones that these do not hide.
    package func participants(visibleTo owner: Owner) async throws(PostgresError) -> [StoredParticipant] {
        try await execute(FindVisibleParticipants(to: owner))
    }
}

/// Which participants are tenants' own.
package struct ListOwnParticipants: Statement {
    package typealias Row = ParticipantID

    package init() {}

    package static let sql = """
        SELECT tenant_id, participant_name FROM participants WHERE tenant_id <> '*' LIMIT \(StoredParticipant.most)
        """

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> ParticipantID {
        try row.participant()
    }
}
