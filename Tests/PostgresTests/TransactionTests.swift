import Testing

@testable import Postgres

@Suite("A transaction happens as a whole or not at all")
struct TransactionTests {
    private func connectWithItems() async throws -> Connection {
        let connection = try await TestServer.connect()
        try await connection.simpleQuery(
            """
            CREATE TEMP TABLE items (id int PRIMARY KEY, text text NOT NULL CHECK (text <> 'bad'));
            CREATE TEMP TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)
            """)
        return connection
    }

    @Test("rows of each statement come back under its own slot")
    func slots() async throws {
        let connection = try await connectWithItems()
        var pipeline = Pipeline()
        let first = pipeline.add(InsertItem(id: 7))
        let count = pipeline.add(CountItems())
        let second = pipeline.add(InsertItem(id: 8))
        let results = try await connection.transaction(pipeline)
        #expect(results[first] == [7])
        #expect(results[count] == [1])
        #expect(results[second] == [8])
        let (ids, counts) = try await connection.transaction(InsertItem(id: 9), CountItems())
        #expect(ids == [9])
        #expect(counts == [3])
    }

    @Test("a failing statement leaves nothing of any other, and the connection usable", arguments: [0, 1, 2])
    func failureAborts(position: Int) async throws {
        let connection = try await connectWithItems()
        var pipeline = Pipeline()
        for index in 0..<3 {
            pipeline.add(InsertItem(id: Int32(index), text: index == position ? "bad" : "good"))
        }
        do throws(PostgresError) {
            _ = try await connection.transaction(pipeline)
            Issue.record("committed")
        } catch {
            #expect(error.state == .checkViolation)
            #expect(!error.mayHaveCommitted)
        }
        #expect(try await connection.execute(CountItems()) == [0])
        #expect(connection.health.isIdle)
    }

    @Test("an error that only the commit finds is thrown, and nothing is left")
    func deferredConstraint() async throws {
        struct InsertLate: Statement {
            typealias Row = Never
            static var sql: String { "INSERT INTO late VALUES (1)" }
        }
        let connection = try await connectWithItems()
        let thrown = await failure {
            _ = try await connection.transaction(InsertLate(), InsertLate(), InsertItem(id: 1))
        }
        #expect(thrown?.state == .uniqueViolation)
        #expect(thrown?.mayHaveCommitted == false)
        // Alone, a statement commits after its own success was sent: that must not be taken for the commit's.
        _ = try await connection.execute(InsertLate())
        await #expect(throws: PostgresError.self) { try await connection.execute(InsertLate()) }
        let rows = try await connection.simpleQuery("SELECT count(*), (SELECT count(*) FROM items) FROM late")
        #expect(rows == [["1", "0"]])
    }

    @Test("an interactive transaction rolls back when its body throws, commits when not")
    func interactive() async throws {
        let connection = try await connectWithItems()
        await #expect(throws: PostgresError.poolExhausted) {
            try await connection.inTransaction { connection throws(PostgresError) in
                _ = try connection.execute(InsertItem(id: 1))
                throw .poolExhausted
            }
        }
        let count = try await connection.inTransaction { connection throws(PostgresError) in
            _ = try connection.execute(InsertItem(id: 2))
            return try connection.execute(CountItems())
        }
        #expect(count == [1])
        #expect(connection.health.isIdle)
    }

    @Test("an interactive transaction whose body ignores an error is not reported as committed")
    func ignoredError() async throws {
        let connection = try await connectWithItems()
        let error = await failure {
            try await connection.inTransaction { connection throws(PostgresError) in
                _ = try connection.execute(InsertItem(id: 1))
                do throws(PostgresError) {
                    _ = try connection.execute(InsertItem(id: 1))
                } catch {
                    // Ignored, as careless code would.
                }
            }
        }
        #expect(error?.state == .inFailedSqlTransaction)
        #expect(try await connection.execute(CountItems()) == [0])
        #expect(connection.health.isIdle)
    }

    @Test("an empty pipeline does nothing")
    func empty() async throws {
        let connection = try await connectWithItems()
        _ = try await connection.transaction(Pipeline())
        #expect(connection.health.isIdle)
    }

    @Test("answers of many megabytes while more is still to be sent do not deadlock", .timeLimit(.minutes(3)))
    func hugePipeline() async throws {
        let connection = try await TestServer.connect()
        let texts = (0..<100_000).map { "value number \($0) of a large batch" }
        var pipeline = Pipeline()
        let echo = Echo<WireText>(value: "x", array: texts, column: texts)
        let slots = (0..<4).map { _ in pipeline.add(echo) }
        let results = try await connection.transaction(pipeline)
        for slot in slots {
            #expect(results[slot].first?.array == texts)
            #expect(results[slot].first?.column == texts)
        }
    }

    @Test("a server blocked by its own answers does not block us while we send", .timeLimit(.minutes(3)))
    func blockedServer() async throws {
        struct Repeat: Statement {
            let text: String
            let times: Int32
            static var sql: String { "SELECT repeat($1, $2)" }
            func bind(_ parameters: inout Parameters) {
                parameters.text(text)
                parameters.int32(times)
            }
            static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.text().utf8.count }
        }
        // The first answer exceeds what the sockets can hold, and so do the requests that follow it.
        let megabyte = String(repeating: "x", count: 1 << 20)
        var pipeline = Pipeline()
        let long = pipeline.add(Repeat(text: megabyte, times: 30))
        for _ in 0..<24 { pipeline.add(Repeat(text: megabyte, times: 0)) }
        let results = try await TestServer.connect().transaction(pipeline)
        #expect(results[long] == [30 << 20])
    }

    @Test("a table altered under a prepared statement is noticed and the statement prepared anew")
    func stalePlan() async throws {
        struct All: Statement {
            static var sql: String { "SELECT * FROM items" }
            static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.int32() }
        }
        let connection = try await connectWithItems()
        _ = try await connection.execute(InsertItem(id: 1))
        #expect(try await connection.execute(All()) == [1])
        try await connection.simpleQuery("ALTER TABLE items ADD COLUMN more int")
        #expect(try await connection.execute(All()) == [1])
        try await connection.simpleQuery("ALTER TABLE items ADD COLUMN evenMore int")
        let (ids, all) = try await connection.transaction(InsertItem(id: 2), All())
        #expect(ids == [2])
        #expect(all == [1, 2])
        try await connection.simpleQuery("DEALLOCATE ALL")
        #expect(try await connection.execute(CountItems()) == [2])
    }

    @Test("inside a transaction a stale plan is an error: what came before is lost")
    func stalePlanInTransaction() async throws {
        let connection = try await connectWithItems()
        _ = try await connection.execute(CountItems())
        await #expect(throws: PostgresError.self) {
            try await connection.inTransaction { connection throws(PostgresError) in
                _ = try connection.execute(InsertItem(id: 1))
                try connection.simpleQuery("DEALLOCATE ALL")
                _ = try connection.execute(CountItems())
            }
        }
        #expect(try await connection.execute(CountItems()) == [0])
    }
}
