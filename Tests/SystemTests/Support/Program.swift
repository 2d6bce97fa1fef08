// Tests of the whole system: real processes, a database of their own, and something that goes wrong. `Program` finds and
// starts what was built, `Deployment` is a system of processes that is gone when its test is, `HTTP` talks to it. What
// is right is not decided here but by the Checker.

import Foundation
import Synchronization
import TestSupport
import Testing

/// An executable that was built together with these tests.
struct Program {
    let path: String

    /// The programs count which lines they run, as these tests do: `swift test --enable-code-coverage` says, as does
    /// `scripts/test --coverage`, where the counts go.
    static let isInstrumented = ProcessInfo.processInfo.environment["LLVM_PROFILE_FILE"] != nil

    struct NotBuilt: Error, CustomStringConvertible {
        let description: String
    }

    /// Looks in SAGAFLOW_BIN, else beside the test bundle.
    init(_ name: String) throws {
        var folders: [String] = []
        if let folder = ProcessInfo.processInfo.environment["SAGAFLOW_BIN"] { folders.append(folder) }
        var folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let argument = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        folders.append(argument.path)
        for _ in 0..<4 {
            folders.append(folder.path)
            folder.deleteLastPathComponent()
        }
        let files = FileManager.default
        guard let found = folders.map({ "\($0)/\(name)" }).first(where: { files.isExecutableFile(atPath: $0) }) else {
            throw NotBuilt(description: "\(name) is not built: run `swift build` first, or set SAGAFLOW_BIN")
        }
        path = found
    }

    /// A program of the machine, found in PATH, or else in one of the folders.
    init(installed name: String, orIn others: [String] = []) throws {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let paths = (folders + others).map { "\($0)/\(name)" }
        guard let found = paths.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw NotBuilt(description: "\(name) is not installed: there is none in PATH")
        }
        path = found
    }

    /// Starts it; its output goes to `log`.
    func start(_ arguments: [String], environment: [String: String], log: URL) throws -> Child {
        if !FileManager.default.fileExists(atPath: log.path) {
            try Data().write(to: log)
        }
        let output = try FileHandle(forWritingTo: log)
        try output.seekToEnd()
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = URL(filePath: "/")
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let ended = Gate()
        let exit = Exit()
        process.terminationHandler = { process in
            exit.code.store(process.terminationStatus, ordering: .releasing)
            ended.open()
        }
        try process.run()
        try output.close()
        return Child(pid: process.processIdentifier, ended: ended, exit: exit)
    }
}

/// A process of ours.
struct Child: Sendable {
    let pid: Int32
    let ended: Gate
    fileprivate let exit: Exit

    /// Once it has ended: its exit code, or the signal that ended it.
    var exitCode: Int32? { ended.isOpen ? exit.code.load(ordering: .acquiring) : nil }

    var isRunning: Bool { !ended.isOpen }

    func signal(_ number: Int32) {
        if isRunning { Glibc.kill(pid, number) }
    }

    /// SIGKILL, and its end.
    func kill() async {
        signal(SIGKILL)
        await ended.wait()
    }
}

/// How a process ended.
fileprivate final class Exit: Sendable {
    let code = Atomic<Int32>(-1)
}
