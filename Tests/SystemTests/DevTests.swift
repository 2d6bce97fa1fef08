import Core
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("saga dev", .timeLimit(.minutes(3)))
struct DevTests {
    private static func isOpen(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) == 0 }
        }
    }

    /// The process of an engine; it is known by what it was told.
    private static func engine(onPort port: Int) -> Int32? {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { Int32($0) }.first { pid in
            let told = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
            let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) ?? ""
            return program.hasSuffix("/sagaflow-engine")
                && String(decoding: told, as: UTF8.self).contains("OPS_PORT=\(port)\0")
        }
    }

    @Test(
        "One command runs everything, an order goes through it, a definition that changes is registered, and Ctrl-C stops all"
    )
    func everything() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "dev-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func write(_ amount: Int) throws {
            let text = """
                name: mine
                version: 1.0.0
                steps:
                  - id: charge
                    action: { participant: payments, path: /charge, body: { amount: \(amount) } }
                    compensation: { participant: payments, path: /refund, body: {} }
                """
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/mine.yaml"))
        }
        try write(1)
        let port = try Ports.take(12)
        let saga = try Program("saga")
        let log = URL(filePath: folder).appending(path: "log")
        try Data().write(to: log)
        let process = Process()
        process.executableURL = URL(filePath: saga.path)
        process.arguments = [
            "dev", "--port", "\(port)", "--participants-port", "\(port + 1)", "--ops-port", "\(port + 7)",
            "--postgres-port", "\(port + 9)", "--redis-port", "\(port + 10)", "--workflows", folder, "--quiet",
            "--data", "\(folder)/data",
        ]
        let output = try FileHandle(forWritingTo: log)
        (process.standardOutput, process.standardError) = (output, output)
        process.standardInput = FileHandle.nullDevice
        let ended = Gate()
        process.terminationHandler = { _ in ended.open() }
        try process.run()
        func said(_ text: String) async throws {
            let giveUpAt = ContinuousClock.now + .seconds(90)
            while try !String(contentsOf: log, encoding: .utf8).contains(text) {
                guard process.isRunning, ContinuousClock.now < giveUpAt else {
                    Issue.record("it never said \(text): \(try String(contentsOf: log, encoding: .utf8).suffix(2000))")
                    process.terminate()
                    throw CancellationError()
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        try await said("sagaflow is up")
        try await said("mine 1.0.0")
        let client = try Tool("saga", environment: ["SAGAFLOW_URL": "http://127.0.0.1:\(port)"])
        let run = try await client.run(["run", "start", "mine", "--input", "{}", "--wait", "20s", "-o", "json"])
        #expect(run.exitCode == 0 && run.output.contains("COMPLETED"), "\(run)")
        try write(2)
        try await said("mine 1.0.1")
        // More engines, and one that dies comes back.
        try "2".write(toFile: "\(folder)/data/engines", atomically: true, encoding: .utf8)
        try await said("there are 2 now")
        #expect(Self.isOpen(port + 7) && Self.isOpen(port + 8) == true)
        kill(try #require(Self.engine(onPort: port + 7)), SIGKILL)
        try await said("it is started again")
        try await said("is ready again")
        let again = try await client.run(["run", "start", "mine", "--input", "{}", "--wait", "20s", "-o", "json"])
        #expect(again.exitCode == 0, "\(again)")
        try "many".write(toFile: "\(folder)/data/engines", atomically: true, encoding: .utf8)
        try await said("the number of engines lies within 1...24")
        kill(process.processIdentifier, SIGINT)
        await ended.wait()
        let all = try String(contentsOf: log, encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(all.suffix(2000))")
        for offset in 0..<11 { #expect(!Self.isOpen(port + offset), "port \(port + offset) is still open") }
    }

    @Test("A port that is in use is said at once, and nothing is left behind")
    func portInUse() async throws {
        let port = try Ports.take(12)
        // Somebody listens where the tests' database is.
        let database = try #require(
            ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"].flatMap { URLComponents(string: $0)?.port })
        let refused = try await Tool("saga").run([
            "dev", "--port", "\(database)", "--participants-port", "\(port + 1)", "--ops-port", "\(port + 7)",
            "--postgres-port",
            "\(port + 8)", "--redis-port", "\(port + 9)",
        ])
        #expect(
            refused.exitCode != 0 && refused.errors.contains("port \(database), for the API, is in use"), "\(refused)")
    }
}
