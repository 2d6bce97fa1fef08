internal import Logging
internal import Postgres

/// Makes a participant's database, if it is missing, and its tables and functions.
struct ParticipantDatabase {
    /// An existing database of the server, with a role that may create others.
    let admin: ConnectionConfiguration
    /// Before the participant's name; lower-case letters, digits and underscores.
    let prefix: String
    let logger: Logger

    /// The configuration of the participant's own database, which is ready when this returns.
    ///
    /// Processes that start at the same time wait for each other: two CREATE DATABASE at once would trip over the
    /// template, two CREATE OR REPLACE over the same catalog row.
    func prepare(_ participant: Participant) async throws(PostgresError) -> ConnectionConfiguration {
        let name = prefix + participant.name
        var patient = admin
        // Others may be making theirs, and a slow disk takes seconds for each.
        patient.lockTimeout = .seconds(120)
        patient.statementTimeout = .seconds(120)
        let connection = try await Connection.connect(patient, logger: logger)
        do throws(PostgresError) {
            try await connection.simpleQuery("SELECT pg_advisory_lock(\(Self.lock))")
            if try await connection.execute(FindDatabase(name: name)).isEmpty {
                logger.info("creating a database", metadata: ["database": "\(name)"])
                try await connection.simpleQuery("CREATE DATABASE \(name)")
            }
            try await createSchema(participant, in: patient.database(name))
            await connection.close()
            return admin.database(name)
        } catch {
            await connection.close()
            throw error
        }
    }

    private func createSchema(
        _ participant: Participant, in database: ConnectionConfiguration
    ) async throws(PostgresError) {
        var quiet = database
        // IF NOT EXISTS says on every start what it found.
        quiet.settings["client_min_messages"] = "warning"
        let connection = try await Connection.connect(quiet, logger: logger)
        do throws(PostgresError) {
            try await connection.simpleQuery(BarrierSchema.sql + participant.schema)
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Any number nobody else locks.
    private static let lock = 7_206_013_611
}

private struct FindDatabase: Statement {
    let name: String

    static let sql = "SELECT true FROM pg_database WHERE datname = $1"

    func bind(_ parameters: inout Parameters) { parameters.text(name) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
