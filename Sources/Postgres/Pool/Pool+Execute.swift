/// Shortcuts for a checkout with one call.
extension Pool {
    /// Runs one statement on any connection; it commits by itself. See `Connection.execute`.
    package func execute<S: Statement>(
        _ statement: S, deadline: Duration = .seconds(5)
    ) async throws(PostgresError) -> [S.Row] {
        try await withConnection(deadline: deadline) { connection throws(PostgresError) in
            try await connection.execute(statement)
        }
    }

    /// Runs a pipeline as one transaction on any connection. See `Connection.transaction`.
    package func transaction(
        _ pipeline: Pipeline, deadline: Duration = .seconds(5)
    ) async throws(PostgresError) -> Pipeline.Results {
        try await withConnection(deadline: deadline) { connection throws(PostgresError) in
            try await connection.transaction(pipeline)
        }
    }
}
