internal import CLibPQ

/// One statement at a time.
extension Connection {
    /// Runs one statement in one round trip; outside a transaction it commits by itself.
    ///
    /// It is prepared on first use, which costs one more round trip on each connection. A plan the server declares
    /// stale is prepared anew and run once more, but only outside a transaction, where nothing has happened yet.
    package func execute<S: Statement>(_ statement: S) throws(PostgresError) -> [S.Row] {
        defer { updateHealth() }
        return try observed("\(S.self)") { () throws(PostgresError) in
            do throws(PostgresError) {
                return try executeOnce(statement)
            } catch .server(let error) where isStalePlan(error) && isOutsideTransaction {
                try forgetPrepared()
                return try executeOnce(statement)
            } catch {
                throw error
            }
        }
    }

    /// Tells the observer how long `work` took.
    func observed<Value>(
        _ name: @autoclosure () -> String, _ work: () throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        guard let observer else { return try work() }
        let begun = ContinuousClock.now
        do throws(PostgresError) {
            let value = try work()
            observer(name(), ContinuousClock.now - begun, false)
            return value
        } catch {
            observer(name(), ContinuousClock.now - begun, true)
            throw error
        }
    }

    /// Runs the text of one or more statements without parameters: migrations, administration.
    ///
    /// Several statements form one transaction. If they contain transaction commands, the error's `mayHaveCommitted` is
    /// about the last transaction only. Returns the rows of the last statement, every value as text.
    @discardableResult
    package func simpleQuery(_ sql: String) throws(PostgresError) -> [[String?]] {
        defer { updateHealth() }
        guard PQsendQuery(try open(), sql) == 1 else { throw lose() }
        awaitsCommit = true
        try flush()
        var rows: [[String?]] = []
        try forEachResult(of: "query") { result in rows = result.textRows() }
        return rows
    }

    /// Runs `body` on the connection's thread inside BEGIN and COMMIT, rolled back if it throws.
    ///
    /// For transactions that must look at a result before they go on. Each statement is a round trip, but no other
    /// task gets in between. A statement whose error `body` ignored fails the whole all the same.
    package func inTransaction<Value: Sendable>(
        _ body: @Sendable (isolated Connection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try simpleQuery("BEGIN")
        let value: Value
        do throws(PostgresError) {
            value = try body(self)
        } catch {
            rollBack()
            throw error
        }
        // To COMMIT a failed transaction is to roll it back, and no error to the server.
        if session.map({ PQtransactionStatus($0.pointer) }) == PQTRANS_INERROR {
            rollBack()
            throw .server(
                ServerError(
                    state: .inFailedSqlTransaction, message: "a statement failed and its error was ignored",
                    statement: "COMMIT"))
        }
        try simpleQuery("COMMIT")
        return value
    }

    /// Leaves a transaction that is open, whatever its state; a session that cannot even do that is given up.
    func rollBack() {
        guard session != nil, !isOutsideTransaction else { return }
        do throws(PostgresError) {
            try simpleQuery("ROLLBACK")
        } catch {
            close()
        }
    }

    private func executeOnce<S: Statement>(_ statement: S) throws(PostgresError) -> [S.Row] {
        let autocommits = isOutsideTransaction
        try prepareIfNeeded(statement)
        try queue(statement)
        awaitsCommit = autocommits
        try flush()
        var rows: [S.Row] = []
        try forEachResult(of: "\(S.self)") { result throws(PostgresError) in rows = try result.rows(of: S.self) }
        return rows
    }

    /// Whether the session is in no transaction; false if it is lost.
    var isOutsideTransaction: Bool { session.map { PQtransactionStatus($0.pointer) == PQTRANS_IDLE } ?? false }
}

/// Preparing, queueing, checking: what single statements and pipelines share.
extension Connection {
    /// Makes sure the session knows the statement, at the price of a round trip if it does not.
    func prepareIfNeeded<S: Statement>(_ statement: S) throws(PostgresError) {
        guard prepared[ObjectIdentifier(S.self)] == nil else { return }
        parameters.removeAll()
        statement.bind(&parameters)
        preparedCount += 1
        let entry = PreparedStatement(number: preparedCount, types: parameters.types)
        guard PQsendPrepare(try open(), entry.name, S.sql, Int32(entry.types.count), entry.types) == 1 else {
            throw lose()
        }
        try flush()
        try forEachResult(of: "\(S.self)") { _ in }
        prepared[ObjectIdentifier(S.self)] = entry
    }

    /// Binds a prepared statement and hands it to libpq, which sends it sooner or later.
    func queue<S: Statement>(_ statement: S) throws(PostgresError) {
        guard let entry = prepared[ObjectIdentifier(S.self)] else {
            preconditionFailure("\(S.self) is queued before it is prepared")
        }
        parameters.removeAll()
        statement.bind(&parameters)
        assert(parameters.types == entry.types, "\(S.self) must bind the same types every time")
        let connection = try open()
        let sent = parameters.withPointers { count, values, lengths, formats in
            PQsendQueryPrepared(connection, entry.name, count, values, lengths, formats, 1)
        }
        guard sent == 1 else { throw lose() }
    }

    /// Forgets every prepared statement, here and on the server.
    func forgetPrepared() throws(PostgresError) {
        prepared.removeAll()
        try simpleQuery("DEALLOCATE ALL")
    }

    /// Whether the server cannot use what was prepared: it does not know it, or its result changed shape.
    func isStalePlan(_ error: ServerError) -> Bool {
        error.state == .invalidSqlStatementName || error.state == .featureNotSupported
    }

    /// Takes all results of the current statement, to the end, and throws the first error.
    ///
    /// The end matters: a statement that commits by itself commits after its rows were sent.
    func forEachResult(
        of statement: @autoclosure () -> String,
        _ body: (borrowing QueryResult) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        var failure: PostgresError?
        while session != nil, let result = try nextResult() {
            do throws(PostgresError) {
                try check(result, of: statement())
                if failure == nil { try body(result) }
            } catch {
                failure = failure ?? error
            }
        }
        awaitsCommit = false
        if let failure { throw failure }
    }

    /// Throws the error a result stands for, if it does.
    ///
    /// After an error of the server nothing commits. One that ends the session leaves it open only if the very
    /// statement that failed is one that `commits`.
    func check(
        _ result: borrowing QueryResult, of statement: @autoclosure () -> String, commits: Bool = true
    ) throws(PostgresError) {
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw lose("\(statement()): COPY is not supported")
        default: break
        }
        guard let error = result.serverError(statement: statement()) else { throw lose() }
        if result.isFatal {
            if !commits { awaitsCommit = false }
            throw lose("\(error.message) (SQLSTATE \(error.state))")
        }
        if error.state == .readOnlySqlTransaction { health.serverIsUnfit() }
        awaitsCommit = false
        throw .server(error)
    }
}

/// A statement as one session knows it.
struct PreparedStatement {
    /// The name on the server, as a C string.
    let name: [CChar]
    /// Object ids of the parameters it was prepared with.
    let types: [UInt32]

    init(number: Int, types: [UInt32]) {
        self.name = Array("s\(number)".utf8CString)
        self.types = types
    }
}
