import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// Processes that may not open many files.
@Suite("With few descriptors", .serialized)
struct DescriptorTests {
    private static let limit = 256

    @Test(
        "hundreds of idle connections keep API and engine neither from answering others nor from their database",
        .timeLimit(.minutes(2)))
    func idleConnections() async throws {
        try await Deployment.with { system in
            let (api, ops) = (try Ports.take(), try Ports.take())
            try system.start("api", prlimit, try limited("sagaflow-api", ["--port", "\(api)"]))
            try system.start("engine", prlimit, try limited("sagaflow-engine", ["--ops-port", "\(ops)"]))
            for port in [api, ops] {
                try await system.until(.seconds(30), "\(port) answers") {
                    try await system.http.send("GET", port: port, "/health", timeout: .seconds(1)).status == 200
                }
            }
            let group = MultiThreadedEventLoopGroup.singleton
            var idle: [any Channel] = []
            for _ in 0..<400 {
                for port in [api, ops] {
                    idle.append(try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get())
                }
            }
            for path in ["/health", "/ready", "/metrics"] {
                for port in [api, ops] {
                    let begun = ContinuousClock.now
                    let answer = try await system.http.send("GET", port: port, path, timeout: .seconds(5))
                    #expect(answer.status == 200, "\(path) of \(port)")
                    #expect(.now - begun < .seconds(1), "\(path) of \(port)")
                }
            }
            let scrape = try await Scrape(system, port: api).samples
            #expect((scrape["http_server_connections_evicted_total"] ?? 0) > 100, "\(scrape.count) samples")
            #expect((scrape["process_open_fds"] ?? 1000) < Double(Self.limit))
            #expect(scrape["process_max_fds"] == Double(Self.limit))
            #expect(system.isRunning("api") && system.isRunning("engine"))
            #expect(try system.output(of: "api").contains("fewer clients may be connected"))
            for channel in idle { channel.close(promise: nil) }
        }
    }

    @Test("too few to work with end a process with a sentence and 64, not with a trap", .timeLimit(.minutes(3)))
    func tooFew() async throws {
        try await Deployment.with { system in
            for program in ["sagaflow-api", "sagaflow-engine"] {
                try system.start(program, prlimit, try limited(program, [], limit: 20))
                try await system.until(.seconds(20), "\(program) has ended") { !system.isRunning(program) }
                let output = try system.output(of: program)
                #expect(output.contains("the process may open 20 files (ulimit -n), and needs"), "\(output)")
            }
        }
    }

    private var prlimit: Program { get throws { try Program(installed: "prlimit") } }

    private func limited(_ program: String, _ arguments: [String], limit: Int = limit) throws -> [String] {
        ["--nofile=\(limit):\(limit)", try Program(program).path] + arguments
    }
}
