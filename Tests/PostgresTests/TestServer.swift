import Foundation
import Synchronization
import Testing

@testable import Postgres

/// The PostgreSQL server the tests run against; what tests write goes to temporary tables or a schema of their own.
enum TestServer {
    struct NotConfigured: Error, CustomStringConvertible {
        let description = "TEST_POSTGRES_URL is not set: it must name a PostgreSQL server and a superuser"
    }

    /// The server named by TEST_POSTGRES_URL.
    static func configuration() throws -> ConnectionConfiguration {
        guard let url = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"] else { throw NotConfigured() }
        return try ConnectionConfiguration(url, applicationName: "postgres-tests")
    }

    /// A connection for one test.
    static func connect(
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) async throws -> Connection {
        var configuration = try configuration()
        change(&configuration)
        return try await Connection.connect(configuration)
    }

    /// Runs `body` with a schema that nobody else uses, first in the search path, and that is gone afterwards.
    static func withSchema<Value>(
        _ body: (ConnectionConfiguration) async throws -> Value
    ) async throws -> Value {
        let admin = try await connect()
        let name = "test_\(UInt64.random(in: 0 ... .max))"
        try await admin.simpleQuery("CREATE SCHEMA \(name)")
        var configuration = try configuration()
        configuration.settings["search_path"] = name
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(configuration))
        } catch {
            outcome = .failure(error)
        }
        try await admin.simpleQuery("DROP SCHEMA \(name) CASCADE")
        return try outcome.get()
    }
}

/// `SELECT 1`.
struct SelectOne: Statement {
    static var sql: String { "SELECT 1" }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.int32() }
}

/// The session's process on the server.
struct BackendPID: Statement {
    static var sql: String { "SELECT pg_backend_pid()" }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.int32() }
}

/// Waits on the server.
struct Sleep: Statement {
    let seconds: Double

    static var sql: String { "SELECT 1 FROM pg_sleep($1::float8 / 1000000)" }

    func bind(_ parameters: inout Parameters) { parameters.int64(Int64(seconds * 1_000_000)) }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.int32() }
}

/// Inserts into `items(id int PRIMARY KEY, text text)`.
struct InsertItem: Statement {
    let id: Int32
    var text = "x"

    static var sql: String { "INSERT INTO items (id, text) VALUES ($1, $2) RETURNING id" }

    func bind(_ parameters: inout Parameters) {
        parameters.int32(id)
        parameters.text(text)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 { try row.int32() }
}

/// How many items there are.
struct CountItems: Statement {
    static var sql: String { "SELECT count(*) FROM items" }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}

/// What a call throws; nil if it succeeds.
func failure(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
    } catch let error as PostgresError {
        return error
    } catch {
        Issue.record("not an error of ours: \(error)")
    }
    return nil
}

/// A value shared by tasks.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func update<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        value.withLock { value in
            var copy = value
            defer { value = copy }
            return body(&copy)
        }
    }
}
