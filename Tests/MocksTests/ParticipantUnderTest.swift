import Core
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Postgres

@testable import Mocks

/// One participant with a fresh database, called without a socket between.
struct ParticipantUnderTest: Sendable {
    struct NotConfigured: Error, CustomStringConvertible {
        let description = "TEST_POSTGRES_URL is not set: it must name a PostgreSQL server and a superuser"
    }

    struct Answer: Equatable {
        let status: Int
        let isReplay: Bool
        let body: JSON
    }

    /// A line of the ledger without what differs from run to run.
    struct Entry: Equatable {
        let kind: String
        let status: Int?
        let effect: Int

        init(_ kind: String, _ status: Int? = nil, _ effect: Int = 0) {
            (self.kind, self.status, self.effect) = (kind, status, effect)
        }
    }

    let responder: ParticipantResponder
    let pool: Pool

    /// Lends a participant whose database is gone afterwards.
    static func with<Value>(
        _ participant: Participant, injectFailure share: Double = 0,
        _ body: (ParticipantUnderTest) async throws -> Value
    ) async throws -> Value {
        let database = try database()
        let logger = database.logger
        let own = try await database.prepare(participant)
        let pool = Pool(own, maximumSize: 8, logger: logger)
        let responder = ParticipantResponder(
            participant: participant, pool: pool, dice: Dice(share: share, seed: 7), latency: .zero,
            callbacks: CallbackSender(logger: logger), logger: logger)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(ParticipantUnderTest(responder: responder, pool: pool)))
        } catch {
            outcome = .failure(error)
        }
        await pool.close()
        try await drop(participant, of: database)
        return try outcome.get()
    }

    /// Databases under a prefix that nobody else uses.
    static func database() throws -> ParticipantDatabase {
        guard let url = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"] else { throw NotConfigured() }
        var logger = Logger(label: "mocks-tests")
        logger.logLevel = .error
        return ParticipantDatabase(
            admin: try ConnectionConfiguration(url, applicationName: "mocks-tests"),
            prefix: "mocktest_\(UInt64.random(in: 0 ... .max))_", logger: logger)
    }

    /// Removes what `prepare` made.
    static func drop(_ participant: Participant, of database: ParticipantDatabase) async throws {
        var patient = database.admin
        patient.statementTimeout = .seconds(120)
        let connection = try await Connection.connect(patient, logger: database.logger)
        try await connection.simpleQuery("DROP DATABASE \(database.prefix)\(participant.name) WITH (FORCE)")
        await connection.close()
    }

    /// One call, by its idempotency key.
    func call(_ path: String, _ key: String, _ body: JSON = [:], attempt: Int = 1) async throws -> Answer {
        try await send("POST", path, ["Idempotency-Key": key, "X-Saga-Attempt": "\(attempt)"], body.bytes)
    }

    /// Any request.
    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], _ body: [UInt8] = []
    ) async throws -> Answer {
        var fields = HTTPFields()
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        let head = HTTPRequest(
            method: HTTPRequest.Method(rawValue: method) ?? .post, scheme: "http", authority: "mock", path: path,
            headerFields: fields)
        let response = try await responder.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body))))
        let bytes = Bytes()
        try await response.body.write(Collector(bytes: bytes))
        let isJSON = response.headers[.contentType]?.contains("json") == true
        return Answer(
            status: response.status.code, isReplay: response.headers[.idempotencyReplayed] == "true",
            body: isJSON ? try JSON(parsing: bytes.all) : .string(String(decoding: bytes.all, as: UTF8.self)))
    }

    /// The ledger of one run, oldest first.
    func entries(_ run: String) async throws -> [Entry] {
        let ledger = try await send("GET", "/ledger?runId=\(run)")
        return (ledger.body["entries"]?.array ?? []).map {
            Entry($0["kind"]?.string ?? "", $0["status"]?.int, $0["effect"]?.int ?? .max)
        }
    }

    /// The sum of all effects of one run.
    func net(_ run: String) async throws -> Int {
        let summary = try await send("GET", "/ledger/summary?runId=\(run)")
        return (summary.body.array ?? []).reduce(0) { $0 + ($1["net"]?.int ?? .max) }
    }

    /// The first column of a query's rows.
    func values(_ sql: String) async throws -> [String?] {
        try await pool.withConnection { connection throws(PostgresError) in
            try await connection.simpleQuery(sql).map { $0[0] }
        }
    }
}

private final class Bytes {
    var all: [UInt8] = []
}

private struct Collector: ResponseBodyWriter {
    let bytes: Bytes

    mutating func write(_ buffer: ByteBuffer) async throws { bytes.all += Array(buffer.readableBytesView) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
