package import Logging
package import Postgres

extension Connection {
    /// Makes sure that row security leaves this role all rows.
    ///
    /// Policies are for readers (migrations/repeatable/15_reader.sql), and don't bind the tables' owner, a superuser or a role with
    /// BYPASSRLS. Any other role would see no runs at all, whatever it was granted, and without a word. Where there are no tables
    /// yet there is nothing to know.
    ///
    /// - Throws: `configuration` if it does not; what a connection throws if nobody can know yet.
    package static func requireAllRows(
        _ configuration: ConnectionConfiguration, logger: Logger = Logger(label: "postgres")
    ) async throws(PostgresError) {
        let connection = try await connect(configuration, logger: logger)
        let answer: Result<[[String?]], PostgresError>
        do throws(PostgresError) {
            answer = .success(
                try await connection.simpleQuery(
                    "SELECT current_user FROM pg_class WHERE oid = to_regclass('workflow_runs') AND row_security_active(oid)"
                ))
        } catch {
            answer = .failure(error)
        }
        await connection.close()
        guard let role = try answer.get().first?.first.flatMap({ $0 }) else { return }
        throw .configuration(
            "row security hides all runs from the role \(role): let it own the tables (or be a member of the role that does), or give it BYPASSRLS"
        )
    }
}
