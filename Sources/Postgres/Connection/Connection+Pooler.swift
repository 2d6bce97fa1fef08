internal import CLibPQ
package import Logging

/// Whether a session is ours alone.
extension Connection {
    /// Makes sure that sessions reached with this configuration keep their server process from beginning to end.
    ///
    /// A pooler that lends server processes for one transaction or one statement breaks prepared statements, LISTEN and
    /// session settings, some of it silently. One that does so for a whole session is fine. To be asked once at start;
    /// nothing is set in the sessions used for asking, because other clients of such a pooler would inherit it.
    ///
    /// What gives a pooler away: the process id in the protocol's greeting is not the one the server knows. Then two
    /// sessions, both open, are compared: own processes never change and never coincide. A pooler that lends them hands
    /// out the one that was used last (or longest ago) and is found within the first of a few rounds.
    ///
    /// - Throws: `configuration` if sessions are shared; `connectionFailed` or `connectionLost` if nobody can know yet.
    package static func requireOwnSession(
        _ configuration: ConnectionConfiguration, logger: Logger = Logger(label: "postgres")
    ) async throws(PostgresError) {
        var impatient = configuration
        // The sessions have no statement timeout, but an answer is expected within five seconds.
        impatient.statementTimeout = .zero
        let first = try await connectUntouched(impatient, logger: logger)
        var sessions = [first]
        let verdict: Result<Bool, PostgresError>
        do throws(PostgresError) {
            var isShared = false
            if try await first.isBehindPooler() {
                let second = try await connectUntouched(impatient, logger: logger)
                sessions.append(second)
                isShared = try await areShared(first, second)
            }
            verdict = .success(isShared)
        } catch {
            verdict = .failure(error)
        }
        for session in sessions { await session.close() }
        if try verdict.get() { throw .configuration(sharedSessions) }
    }

    private static let sharedSessions = """
        a connection pooler lends server sessions for a transaction or a statement at a time, and prepared statements, \
        LISTEN and session settings do not survive that; set its pool_mode to session, or connect to Postgres directly
        """

    private static func areShared(_ first: Connection, _ second: Connection) async throws(PostgresError) -> Bool {
        for _ in 0..<4 {
            let firstAlone = try await first.serverProcess()
            let secondAlone: String
            do throws(PostgresError) { secondAlone = try await second.serverProcess() } catch .connectionLost {
                throw .connectionFailed(
                    "the connection pooler has no second server session for us: its pool is too small, or exhausted")
            } catch {
                throw error
            }
            if firstAlone == secondAlone { return true }
            // Now one is held by a transaction, so that the other gets a different one if it is lent anew.
            try await second.simpleQuery("BEGIN")
            let during = (try await first.serverProcess(), try await second.serverProcess())
            try await second.simpleQuery("COMMIT")
            if during != (firstAlone, secondAlone) { return true }
        }
        return false
    }

    /// Whether somebody between us and the server greeted us in its stead. Plain TCP proxies do not.
    private func isBehindPooler() throws(PostgresError) -> Bool {
        let known = try simpleQuery("SELECT pg_catalog.pg_backend_pid()").first?.first ?? nil
        return known != "\(PQbackendPID(try open()))"
    }

    /// The process that answers now. A process id alone may occur on two servers behind one name.
    private func serverProcess() throws(PostgresError) -> String {
        let rows = try simpleQuery(
            "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_postmaster_start_time()")
        return rows.first.map { row in row.map { $0 ?? "" }.joined(separator: " ") } ?? ""
    }
}
