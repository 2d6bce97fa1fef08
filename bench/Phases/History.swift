import Glibc

/// Throughput with millions of finished runs in the tables, and without, by turns: with the history first in one round,
/// without it in the next.
struct History: Encodable, Sendable {
    let finishedRuns: Int
    let seedSeconds: Int
    /// As Postgres tells it.
    let size: String
    let rounds: [Beside<ClosedLoop, Detail>]

    struct Detail: Encodable, Sendable {
        let database: String
    }

    /// What a finished run takes on disk, with indexes and what making it needs, in bytes; and what must be left besides.
    static let runBytes = 4000
    static let spareBytes = 5_000_000_000
}

extension Session {
    func history() async throws -> History {
        try await mainSystemGone()
        try await requireDisk(for: sizes.history, "finished")
        let begin = ContinuousClock.now
        try await system.seedHistory(runs: sizes.history)
        let seconds = Int((ContinuousClock.now - begin).seconds)
        Console.note("seeded in \(seconds) s: \(try await historySize())")
        var rounds: [Beside<ClosedLoop, History.Detail>] = []
        for number in 1...sizes.repeats {
            for database in number.isMultiple(of: 2) ? ["history", "empty"] : ["empty", "history"] {
                try await system.up(database)
                try await system.startEngine()
                try await system.warmUp()
                try await system.query("CHECKPOINT")
                let loop = try await system.closedLoop(sizes.runs)
                rounds.append(Beside(figures: loop, detail: History.Detail(database: database)))
            }
        }
        let size = try await historySize()
        try await system.gone("history")
        try await system.gone("empty")
        return History(finishedRuns: sizes.history, seedSeconds: seconds, size: size, rounds: rounds)
    }

    private func historySize() async throws -> String {
        try await system.query("SELECT pg_size_pretty(pg_database_size('history'))").first?.first.flatMap { $0 } ?? ""
    }

    /// - Throws: `NotMeasured` unless there is disk for so many runs, and for what they are made with.
    func requireDisk(for runs: Int, _ kind: String) async throws {
        let needed = runs * History.runBytes + History.spareBytes
        let free = Self.freeBytes(at: try await system.stack.call("postgres_folder"))
        guard free >= needed else {
            throw NotMeasured(
                reason: "\(runs) \(kind) runs need \(needed / 1_000_000_000) GB of disk, "
                    + "\(free / 1_000_000_000) GB are free")
        }
    }

    private static func freeBytes(at path: String) -> Int {
        var file = statvfs()
        guard statvfs(path, &file) == 0 else { return 0 }
        return Int(file.f_bavail) * Int(file.f_frsize)
    }
}
