internal import CLibPQ

/// Several statements in one transaction and one round trip.
extension Connection {
    /// Runs BEGIN, the statements and COMMIT in one round trip.
    ///
    /// Either all of it happens or nothing. Throws the error of the first statement that failed, or of the commit; see
    /// `PostgresError.mayHaveCommitted` for lost connections. A plan the server declares stale is prepared anew and the
    /// whole, rolled back by then, is run once more.
    package func transaction(_ pipeline: Pipeline) throws(PostgresError) -> Pipeline.Results {
        guard !pipeline.statements.isEmpty else { return Pipeline.Results() }
        precondition(session == nil || isOutsideTransaction, "transactions do not nest")
        defer { updateHealth() }
        do throws(PostgresError) {
            return try run(pipeline)
        } catch .server(let error) where isStalePlan(error) && session != nil {
            try forgetPrepared()
            return try run(pipeline)
        } catch {
            throw error
        }
    }

    /// Runs the statements given as one transaction; their rows come back in the same order.
    package nonisolated func transaction<each S: Statement>(
        _ statements: repeat each S
    ) async throws(PostgresError) -> (repeat [(each S).Row]) {
        var pipeline = Pipeline()
        let slots = (repeat pipeline.add(each statements))
        let results = try await transaction(pipeline)
        return (repeat results[each slots])
    }

    private func run(_ pipeline: Pipeline) throws(PostgresError) -> Pipeline.Results {
        try prepareIfNeeded(Begin())
        try prepareIfNeeded(Commit())
        for statement in pipeline.statements { try prepareIfNeeded(statement) }
        let connection = try open()
        guard PQenterPipelineMode(connection) == 1 else { throw lose() }
        try send(pipeline)
        let outcome = try receive(pipeline)
        guard PQexitPipelineMode(connection) == 1 else { throw lose() }
        // After an error the server skipped our COMMIT too: the transaction is still open.
        if case .failure = outcome { rollBack() }
        return try outcome.get()
    }

    private func send(_ pipeline: Pipeline) throws(PostgresError) {
        try queue(Begin())
        for statement in pipeline.statements { try queue(statement) }
        try queue(Commit())
        awaitsCommit = true
        guard PQpipelineSync(try open()) == 1 else { throw lose() }
        try flush()
    }

    /// Takes all answers up to the synchronisation point. Throws only if the session is lost.
    private func receive(_ pipeline: Pipeline) throws(PostgresError) -> Result<Pipeline.Results, PostgresError> {
        var results = Pipeline.Results()
        var failure: PostgresError?
        failure = try receive(Begin()) { _ in }
        for statement in pipeline.statements {
            let error = try receive(statement) { result throws(PostgresError) in
                results.rows.append(try rows(of: statement, in: result))
            }
            failure = failure ?? error
        }
        let commitError = try receive(Commit()) { result throws(PostgresError) in
            guard result.commandTag == "COMMIT" else { throw self.lose("the server answered COMMIT otherwise") }
        }
        failure = failure ?? commitError
        guard let sync = try nextResult(), sync.status == PGRES_PIPELINE_SYNC else { throw lose("out of step") }
        awaitsCommit = false
        return failure.map { .failure($0) } ?? .success(results)
    }

    /// Takes one statement's answer. Returns its error; nil too if it was skipped because of an earlier one.
    private func receive<S: Statement>(
        _: S, _ body: (borrowing QueryResult) throws(PostgresError) -> Void
    ) throws(PostgresError) -> PostgresError? {
        var failure: PostgresError?
        while let result = try nextResult() {
            if result.status == PGRES_PIPELINE_ABORTED { continue }
            do throws(PostgresError) {
                try check(result, of: "\(S.self)", commits: S.self == Commit.self)
                try body(result)
            } catch {
                if session == nil { throw error }
                failure = failure ?? error
            }
        }
        return failure
    }

    private func rows<S: Statement>(
        of _: S, in result: borrowing QueryResult
    ) throws(PostgresError) -> any Sendable {
        try result.rows(of: S.self)
    }
}

private struct Begin: Statement {
    typealias Row = Never
    static var sql: String { "BEGIN" }
}

private struct Commit: Statement {
    typealias Row = Never
    static var sql: String { "COMMIT" }
}
