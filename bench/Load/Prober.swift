import NIOCore
import NIOPosix

/// Other clients of the API while something heavy goes on: reads of one run and of `/health`, at a steady rate.
///
/// Every request has its time, and its latency counts from then, also when the one before it on its connection was slow.
struct Prober: Sendable {
    /// From each request's time to its answer, in milliseconds.
    struct Result: Sendable {
        var run: [Double] = []
        var health: [Double] = []
        /// Answers that were not 200.
        var failures = 0
    }

    private static let lanes = 64
    private let connections: [HTTPConnection]
    private let runPath: String
    private let interval: Duration

    /// - Parameters:
    ///   - run: a run to read.
    ///   - rate: requests a second, half of them for each path.
    init(port: Int, run: String, rate: Double = 400, on loop: any EventLoop) async throws {
        var connections: [HTTPConnection] = []
        for _ in 0..<Self.lanes { connections.append(try await HTTPConnection(port: port, on: loop)) }
        self.connections = connections
        runPath = "/v1/runs/\(run)"
        interval = .seconds(Double(Self.lanes) / rate)
    }

    /// Goes on while `body` does.
    func probe<T: Sendable>(during body: @Sendable () async throws -> T) async throws -> (T, OtherCalls) {
        try await withThrowingTaskGroup(of: Result.self) { group in
            let begin = ContinuousClock.now
            for (lane, connection) in connections.enumerated() {
                group.addTask { try await probe(connection, lane: lane, from: begin) }
            }
            let value = try await body()
            group.cancelAll()
            var total = Result()
            for try await part in group {
                total.run += part.run
                total.health += part.health
                total.failures += part.failures
            }
            guard !total.run.isEmpty, !total.health.isEmpty else { throw BenchError.invalid("nothing was probed") }
            for connection in connections { try await connection.close() }
            return (value, OtherCalls(total))
        }
    }

    /// Even lanes read the run, odd ones ask for health.
    private func probe(
        _ connection: HTTPConnection, lane: Int, from begin: ContinuousClock.Instant
    ) async throws -> Result {
        var result = Result()
        var due = begin + interval * lane / Self.lanes
        let path = lane.isMultiple(of: 2) ? runPath : "/health"
        while !Task.isCancelled {
            do { try await ContinuousClock().sleep(until: due) } catch { break }
            let reply = try await connection.get(path)
            let milliseconds = Double((ContinuousClock.now - due).nanoseconds) / 1e6
            if lane.isMultiple(of: 2) { result.run.append(milliseconds) } else { result.health.append(milliseconds) }
            if reply.status != 200 { result.failures += 1 }
            due += interval
        }
        return result
    }
}

/// How the API's other clients fared meanwhile.
struct OtherCalls: Encodable, Sendable {
    let requests: Int
    let failures: Int
    let runMs: Percentiles
    let healthMs: Percentiles
    let allMs: Percentiles

    init(_ result: Prober.Result) {
        requests = result.run.count + result.health.count
        failures = result.failures
        runMs = Percentiles(result.run)
        healthMs = Percentiles(result.health)
        allMs = Percentiles(result.run + result.health)
    }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
    var seconds: Double { Double(nanoseconds) / 1e9 }
}
