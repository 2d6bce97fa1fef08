import Testing

@testable import Postgres

@Suite("Errors say what they mean")
struct ErrorTests {
    @Test(
        "a refused query carries its SQLSTATE and leaves the connection usable",
        arguments: [
            ("SELECT 1/0", SQLState.divisionByZero), ("SELEC", SQLState(rawValue: "42601")),
            ("SELECT * FROM nowhere", .undefinedTable),
            ("SELECT nothing", SQLState(rawValue: "42703")), ("SELECT 'x'::int", .invalidTextRepresentation),
            ("CREATE TEMP TABLE t (i int UNIQUE); INSERT INTO t VALUES (1), (1)", .uniqueViolation),
            ("CREATE TEMP TABLE t (i int CHECK (i > 0)); INSERT INTO t VALUES (0)", .checkViolation),
            ("SET TRANSACTION READ ONLY; CREATE TABLE t (i int)", .readOnlySqlTransaction),
            ("SET statement_timeout = 20; SELECT pg_sleep(5)", .queryCanceled),
        ])
    func states(_ sql: String, _ state: SQLState) async throws {
        let connection = try await TestServer.connect()
        do throws(PostgresError) {
            try await connection.simpleQuery(sql)
            Issue.record("accepted: \(sql)")
        } catch {
            #expect(error.state == state)
            #expect(!error.mayHaveCommitted)
        }
        #expect(try await connection.execute(SelectOne()) == [1])
    }

    @Test("a violated constraint is named, its values stay out of the description")
    func constraint() async throws {
        let connection = try await TestServer.connect()
        try await connection.simpleQuery("CREATE TEMP TABLE items (id int CONSTRAINT only_once PRIMARY KEY, text text)")
        _ = try await connection.execute(InsertItem(id: 424_242))
        do throws(PostgresError) {
            _ = try await connection.execute(InsertItem(id: 424_242))
        } catch .server(let error) {
            #expect(error.state == .uniqueViolation)
            #expect(error.constraint == "only_once")
            #expect(error.statement == "InsertItem")
            #expect(error.detail?.contains("424242") == true)
            #expect(!PostgresError.server(error).description.contains("424242"))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("a NUL in a text is a data error of its batch, not the end of the connection")
    func nulCharacter() async throws {
        let connection = try await TestServer.connect()
        do throws(PostgresError) {
            _ = try await connection.execute(Echo<WireText>(value: "a\0b", array: [], column: []))
            Issue.record("accepted")
        } catch {
            #expect(error.state == .characterNotInRepertoire)
            #expect(error.state?.isDataError == true)
        }
        #expect(try await connection.execute(SelectOne()) == [1])
    }

    @Test("COPY, which this client cannot speak, ends the session instead of hanging it")
    func copy() async throws {
        let connection = try await TestServer.connect()
        await #expect(throws: PostgresError.self) { try await connection.simpleQuery("COPY (SELECT 1) TO STDOUT") }
        #expect(connection.health.isBroken)
    }

    @Test("a lock that is not to be had ends in lockNotAvailable by the configured timeout")
    func lockTimeout() async throws {
        try await TestServer.withSchema { configuration in
            var impatient = configuration
            impatient.lockTimeout = .milliseconds(50)
            let holder = try await Connection.connect(configuration)
            let waiter = try await Connection.connect(impatient)
            try await holder.simpleQuery("CREATE TABLE t (i int)")
            try await holder.simpleQuery("BEGIN; LOCK TABLE t")
            await #expect {
                try await waiter.simpleQuery("SELECT * FROM t")
            } throws: {
                ($0 as? PostgresError)?.state == .lockNotAvailable
            }
        }
    }

    @Test(
        "what can be tried again, what is the data's fault, what ends a session",
        arguments: [
            (SQLState.uniqueViolation, false, true, false), (.numericValueOutOfRange, false, true, false),
            (.serializationFailure, true, false, false), (.deadlockDetected, true, false, false),
            (.queryCanceled, true, false, false), (.lockNotAvailable, true, false, false),
            (.tooManyConnections, true, false, false), (.readOnlySqlTransaction, true, false, false),
            (.adminShutdown, true, false, true), (.crashShutdown, true, false, true),
            (.cannotConnectNow, true, false, true), (SQLState(rawValue: "08006"), true, false, true),
            (.undefinedTable, false, false, false), (SQLState(rawValue: "42601"), false, false, false),
            (.ioError, true, false, false), (.programLimitExceeded, false, true, false),
            (.idleSessionTimeout, true, false, true), (.checkViolation, false, true, false),
            // Not in the lists: neither waited for nor taken for the data's fault.
            (SQLState(rawValue: "22000"), false, false, false), (SQLState(rawValue: "23000"), false, false, false),
            (SQLState(rawValue: "XX000"), false, false, false),
        ])
    func meanings(_ state: SQLState, transient: Bool, data: Bool, loss: Bool) {
        #expect(state.isTransient == transient)
        #expect(state.isDataError == data)
        #expect(state.isConnectionLoss == loss)
    }
}
