import Core
import NIOCore
import Testing
import TestSupport

/// A bulk start over raw bytes: its body in chunks, its answer as far as it came.
enum ImportCall {
    static func head(_ workflow: String = "w", _ headers: [String: String] = [:]) -> String {
        var lines = ["POST /v1/workflows/\(workflow)/start-batch HTTP/1.1", "Host: x", "Transfer-Encoding: chunked"]
        if headers["Content-Type"] == nil { lines.append("Content-Type: application/x-ndjson") }
        lines += headers.map { "\($0.key): \($0.value)" }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    static func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n" }

    static let end = "0\r\n\r\n"

    /// As many lines as asked for, each with its number as input.
    static func lines(_ range: ClosedRange<Int>) -> String { range.map { "{\"input\":\($0)}\n" }.joined() }
}

/// The answer to a bulk start.
struct ImportAnswer: Sendable {
    let head: String
    /// One object a line.
    let results: [JSON]
    /// The last chunk has come.
    let isComplete: Bool

    init(_ bytes: [UInt8]) throws {
        let headEnd = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)))
        head = String(decoding: bytes[..<headEnd.lowerBound], as: UTF8.self)
        var rest = bytes[headEnd.upperBound...]
        var body: [UInt8] = []
        var isComplete = false
        while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\r")),
            let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16)
        {
            body += rest[(lineEnd + 2)...].prefix(size)
            isComplete = size == 0
            rest = rest[(lineEnd + 2)...].dropFirst(size + 2)
        }
        self.isComplete = isComplete
        results = body.split(separator: UInt8(ascii: "\n")).compactMap { try? JSON(parsing: $0) }
    }

    /// The object of that index; null when there are not so many.
    subscript(index: Int) -> JSON { results.indices.contains(index) ? results[index] : .null }

    var statuses: [Int?] { results.map { $0["status"]?.int } }
    var lines: [Int?] { results.map { $0["line"]?.int } }
    var runIDs: [String?] { results.map { $0["runId"]?.string } }

    /// The last part of the `type` of each result's problem.
    var problems: [String?] {
        results.map { $0["problem"]?["type"]?.string?.split(separator: ":").last.map(String.init) }
    }
}

extension TestAPI {
    /// Imports a body that is sent while the answer is read.
    func importing(
        _ body: String, _ workflow: String = "w", _ headers: [String: String] = [:],
        within limit: Duration = .seconds(12)
    ) async throws -> ImportAnswer {
        try await client.connected(within: limit) { stream in
            let writer = stream.outbound
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    try await writer.write(.init(string: ImportCall.head(workflow, headers)))
                    var rest = body.utf8[...]
                    while !rest.isEmpty {
                        let piece = rest.prefix(30_000)
                        rest = rest.dropFirst(piece.count)
                        try await writer.write(.init(string: ImportCall.chunk(String(decoding: piece, as: UTF8.self))))
                    }
                    try await writer.write(.init(string: ImportCall.end))
                }
                while try await stream.receive() {}
                try await tasks.waitForAll()
            }
            return try ImportAnswer(stream.received)
        }
    }

    /// How many runs there are.
    func runCount() async throws -> Int? {
        let rows = try await database.query("SELECT count(*) FROM workflow_runs")
        return (rows.first?.first ?? nil).flatMap { Int($0) }
    }
}
