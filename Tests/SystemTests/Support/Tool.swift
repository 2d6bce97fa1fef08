import Core
import Foundation
import Synchronization
import TestSupport

/// A program that is run to its end, and what it said.
struct Tool {
    /// How it ended.
    struct Outcome {
        let exitCode: Int32
        let output: String
        let errors: String

        /// The output as JSON; null when it is none.
        var json: JSON { (try? JSON(parsing: output.trimmingCharacters(in: .whitespacesAndNewlines))) ?? .null }
        /// The output's lines as JSON.
        var lines: [JSON] { output.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) } }
    }

    let program: Program
    let environment: [String: String]

    init(_ name: String, environment: [String: String] = [:]) throws {
        program = try Program(name)
        self.environment = environment
    }

    /// One that was not built here.
    init(_ program: Program, environment: [String: String] = [:]) {
        self.program = program
        self.environment = environment
    }

    /// Runs it; killed when the test's task is cancelled, by the test's time limit for instance.
    func run(_ arguments: [String]) async throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try ["out", "err"].map { name in
            let url = folder.appending(path: name)
            try Data().write(to: url)
            return (url, try FileHandle(forWritingTo: url))
        }
        let process = Process()
        process.executableURL = URL(filePath: program.path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = files[0].1
        process.standardError = files[1].1
        let ended = Gate()
        process.terminationHandler = { _ in ended.open() }
        try process.run()
        let pid = process.processIdentifier
        await withTaskCancellationHandler {
            await ended.wait()
        } onCancel: {
            kill(pid, SIGKILL)
        }
        for (_, handle) in files { try handle.close() }
        func text(_ url: URL) throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }
        return Outcome(
            exitCode: process.terminationStatus, output: try text(files[0].0), errors: try text(files[1].0))
    }
}
