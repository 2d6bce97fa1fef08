import Foundation
import TestSupport
import Testing

extension Program {
    /// A server program of Postgres, of the newest version installed; Debian keeps them off the PATH.
    init(postgres name: String) throws {
        let files = FileManager.default
        let root = "/usr/lib/postgresql"
        let versions = ((try? files.contentsOfDirectory(atPath: root)) ?? []).compactMap { Int($0) }.sorted()
        try self.init(installed: name, orIn: versions.reversed().map { "\(root)/\($0)/bin" })
    }

    /// The same as the user `postgres`, when we are root: Postgres's servers refuse to be.
    func unprivileged(_ arguments: [String]) throws -> (program: Program, arguments: [String]) {
        guard getuid() == 0 else { return (self, arguments) }
        let user = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", path]
        return (try Program(installed: "setpriv"), user + arguments)
    }

    /// Runs it to its end as `postgres`; fails with what it wrote if it fails.
    func runUnprivileged(_ arguments: [String]) async throws {
        let log = FileManager.default.temporaryDirectory.appending(path: "sagaflow-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: log) }
        let (program, all) = try unprivileged(arguments)
        let child = try program.start(all, environment: [:], log: log)
        await child.ended.wait()
        let output = try String(contentsOf: log, encoding: .utf8)
        try #require(child.exitCode == 0, "\(path): \(output)")
    }
}
