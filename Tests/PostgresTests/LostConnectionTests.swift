import Testing

@testable import Postgres

@Suite("A lost connection never lies about what was committed")
struct LostConnectionTests {
    private func makeItems(_ configuration: ConnectionConfiguration) async throws -> Connection {
        let connection = try await Connection.connect(configuration)
        try await connection.simpleQuery("CREATE TABLE items (id int PRIMARY KEY, text text)")
        return connection
    }

    @Test("a commit whose answer is lost is reported as unknown, and did happen", arguments: [true, false])
    func lostAnswer(alone: Bool) async throws {
        try await TestServer.withSchema { configuration in
            let direct = try await makeItems(configuration)
            let proxy = try Proxy(to: configuration)
            defer { proxy.stop() }
            let connection = try await Connection.connect(proxy.configuration(for: configuration))
            _ = try await connection.transaction(InsertItem(id: 1), InsertItem(id: 2))
            proxy.set(.cut)
            let thrown = await failure {
                if alone {
                    _ = try await connection.execute(InsertItem(id: 3))
                } else {
                    _ = try await connection.transaction(InsertItem(id: 3), InsertItem(id: 4))
                }
            }
            let error = try #require(thrown)
            guard case .connectionLost(_, mayHaveCommitted: true) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(error.mayHaveCommitted && error.isTransient)
            #expect(try await direct.execute(CountItems()) == [alone ? 3 : 4])
        }
    }

    @Test("a transaction cut off before its commit was sent is reported as not committed, and is not there")
    func cutBeforeCommit() async throws {
        try await TestServer.withSchema { configuration in
            let direct = try await makeItems(configuration)
            let proxy = try Proxy(to: configuration)
            defer { proxy.stop() }
            let connection = try await Connection.connect(proxy.configuration(for: configuration))
            let thrown = await failure {
                try await connection.inTransaction { connection throws(PostgresError) in
                    _ = try connection.execute(InsertItem(id: 1))
                    proxy.set(.cut)
                    _ = try connection.execute(InsertItem(id: 2))
                }
            }
            let error = try #require(thrown)
            #expect(!error.mayHaveCommitted)
            guard case .connectionLost = error else {
                Issue.record("\(error)")
                return
            }
            #expect(try await direct.execute(CountItems()) == [0])
        }
    }

    @Test("a session ended by an administrator in the middle of a transaction's work committed nothing")
    func terminatedBeforeCommit() async throws {
        struct TerminateSelf: Statement {
            static var sql: String { "SELECT pg_terminate_backend(pg_backend_pid())" }
            static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
        }
        try await TestServer.withSchema { configuration in
            let direct = try await makeItems(configuration)
            let connection = try await Connection.connect(configuration)
            let thrown = await failure {
                _ = try await connection.transaction(InsertItem(id: 1), TerminateSelf(), InsertItem(id: 2))
            }
            let error = try #require(thrown)
            #expect(!error.mayHaveCommitted)
            #expect("\(error)".contains("57P01"))
            #expect(try await direct.execute(CountItems()) == [0])
            let later = await failure { _ = try await connection.execute(SelectOne()) }
            #expect(later?.mayHaveCommitted == false)
            #expect(connection.health.isBroken)
        }
    }

    @Test("a server that falls silent is given up five seconds after the statement timeout", .timeLimit(.minutes(3)))
    func silence() async throws {
        let configuration = try TestServer.configuration()
        let proxy = try Proxy(to: configuration)
        defer { proxy.stop() }
        var impatient = try proxy.configuration(for: configuration)
        impatient.statementTimeout = .milliseconds(10)
        let connection = try await Connection.connect(impatient)
        _ = try await connection.execute(SelectOne())
        proxy.set(.swallow)
        let start = ContinuousClock.now
        let thrown = await failure { _ = try await connection.execute(SelectOne()) }
        let error = try #require(thrown)
        guard case .connectionLost(_, mayHaveCommitted: true) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("a statement that waits on the server can be broken off from outside", .timeLimit(.minutes(3)))
    func interruption() async throws {
        let connection = try await TestServer.connect()
        let watcher = try await TestServer.connect()
        let pid = try await connection.execute(BackendPID())[0]
        async let waiting = failure { _ = try await connection.execute(Sleep(seconds: 50)) }
        try await watcher.waitUntilActive(pid)
        connection.interrupt()
        guard case .connectionLost = await waiting else {
            Issue.record("not interrupted")
            return
        }
        #expect(connection.health.isBroken)
    }

    @Test("closing twice is harmless, statements after it fail without a crash")
    func closed() async throws {
        let connection = try await TestServer.connect()
        await connection.close()
        await connection.close()
        let errors = [
            await failure { _ = try await connection.execute(SelectOne()) },
            await failure { _ = try await connection.transaction(SelectOne()) },
            await failure { try await connection.simpleQuery("SELECT 1") },
            await failure { try await connection.listen(to: "x") },
            await failure {
                _ = try await connection.notifications(timeout: .seconds(1))
            },
        ]
        #expect(errors.allSatisfy { $0?.mayHaveCommitted == false && $0?.isTransient == true })
    }
}

extension Connection {
    /// Returns once the session with this process id runs a statement.
    ///
    /// The watching is done by the server, in one statement.
    func waitUntilActive(_ pid: Int32) throws(PostgresError) {
        try simpleQuery(
            """
            DO $$ BEGIN
                WHILE NOT EXISTS (
                    SELECT FROM pg_stat_get_activity(\(pid)) WHERE state = 'active' AND query LIKE '%pg_sleep%')
                LOOP PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP;
            END $$
            """)
    }
}
