import Foundation
import Synchronization

/// A script that the Python named by TEST_OTLP_PYTHON runs. It ends with us, however we end.
final class PythonProgram: Sendable {
    struct NotConfigured: Error, CustomStringConvertible {
        let description =
            "TEST_OTLP_PYTHON is not set: it must name a Python that has what scripts/lib/otlp-requirements.txt lists"
    }

    private let pid: Int32
    private let log: URL
    /// Its standard input: the script ends when it is closed, by us or by our end.
    private let lifeline: FileHandle
    private let ending: Ending

    init(_ script: String, folder: URL, environment: [String: String]) throws {
        guard let python = ProcessInfo.processInfo.environment["TEST_OTLP_PYTHON"] else { throw NotConfigured() }
        log = folder.appending(path: "log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        let input = Pipe()
        lifeline = input.fileHandleForWriting
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", Self.endsWithUs + script]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        let ending = Ending()
        process.terminationHandler = { _ in ending.note() }
        try process.run()
        try output.close()
        pid = process.processIdentifier
        self.ending = ending
    }

    var isRunning: Bool { !ending.hasCome }

    /// What it wrote so far.
    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    func waitForEnd() async { await ending.wait() }

    func stop() async {
        if isRunning { kill(pid, SIGKILL) }
        await waitForEnd()
    }

    private static let endsWithUs = """
        import os, threading
        threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()

        """

    /// Comes once; everybody who waits goes on then.
    private final class Ending: Sendable {
        private struct State {
            var hasCome = false
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())

        var hasCome: Bool { state.withLock { $0.hasCome } }

        func note() {
            let waiting = state.withLock { state in
                state.hasCome = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }

        func wait() async {
            await withCheckedContinuation { continuation in
                let hasCome = state.withLock { state in
                    if !state.hasCome { state.waiting.append(continuation) }
                    return state.hasCome
                }
                if hasCome { continuation.resume() }
            }
        }
    }
}
