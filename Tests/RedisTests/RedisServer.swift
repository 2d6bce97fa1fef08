import Foundation
import Testing

@testable import Redis

/// A redis-server process of the test's own, on a free port, which it may stop, kill and start again.
final class RedisServer {
    let port: Int
    private let arguments: [String]
    private var process: Process?

    /// Starts the server and returns when it accepts connections.
    init(_ arguments: [String] = []) throws {
        port = try FakeServer.freePort()
        self.arguments = arguments
        try start()
    }

    deinit {
        kill()
    }

    /// Patient, so that a busy machine fails no test that is not about time.
    func configuration(
        credentials: String = "", database: Int = 0, timeout: Duration = .seconds(10)
    ) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: "redis://\(credentials)127.0.0.1:\(port)/\(database)")
        configuration.connectTimeout = timeout
        configuration.commandTimeout = timeout
        return configuration
    }

    func start() throws {
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"] + arguments
        process.standardOutput = output
        process.standardError = output
        try process.run()
        self.process = process
        var log = Data()
        while log.range(of: Data("Ready to accept connections".utf8)) == nil {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "redis-server ended: \(String(decoding: log, as: UTF8.self))")
            log.append(more)
        }
    }

    /// SIGKILL, and the end of the process awaited.
    func kill() {
        guard let process else { return }
        signal(SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    func freeze() { signal(SIGSTOP) }
    func thaw() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        guard let process else { return }
        _ = sendSignal(process.processIdentifier, number)
    }
}

/// The Redis all tests share, from TEST_REDIS_URL; they keep apart by their keys.
func sharedRedis() throws -> RedisConfiguration {
    let url = try #require(
        ProcessInfo.processInfo.environment["TEST_REDIS_URL"], "set TEST_REDIS_URL to a Redis that tests may use")
    var configuration = try RedisConfiguration(url: url)
    configuration.commandTimeout = .seconds(10)
    return configuration
}

/// A key no other test and no earlier run has used.
func freshKey(_ name: String) -> String { "test:\(name):\(UUID().uuidString)" }
