import Core
import TestSupport

/// Runs as they stand in tables, without anybody having done them.
struct RunRows {
    let test: TestDatabase

    /// - Parameters:
    ///   - number: of the run; the larger, the later it was made.
    ///   - more: columns and their values in SQL.
    @discardableResult
    func add(_ number: Int, _ more: [String: String] = [:], outbox: [String: String]? = nil) async throws -> RunID {
        let id = RunID(high: UInt64(1_700_000_000_000 + number) << 16 | 0x7000, low: 1 << 63 | UInt64(number))
        var columns = [
            "tenant_id": "'t'", "workflow_name": "'w'", "workflow_version": "'1.0.0'", "status": "'RUNNING'",
            "input": "'{}'", "context": "'{}'", "created_at": "now()", "updated_at": "now()", "snapshot_seq": "1",
            "snapshot_at": "now()",
        ]
        columns.merge(more) { $1 }
        columns["run_id"] = "'\(id)'"
        try await insert(columns, into: "workflow_runs")
        if var outbox {
            outbox["run_id"] = "'\(id)'"
            outbox["available_at"] = outbox["available_at"] ?? "now() + interval '1 hour'"
            try await insert(outbox, into: "outbox")
        }
        return id
    }

    private func insert(_ columns: [String: String], into table: String) async throws {
        let names = columns.keys.sorted()
        let values = names.compactMap { columns[$0] }.joined(separator: ", ")
        try await test.execute("INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(values))")
    }

    /// A step that waits for its next attempt.
    static func retrying(_ attempts: Int, _ step: String = "s") -> String {
        #"'[{"id": "\#(step)", "status": "PENDING", "attempts": \#(attempts), "nextAttemptAt": 1}]'"#
    }
}
