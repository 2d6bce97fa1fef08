import Logging
import ServiceLifecycle

@testable import Telemetry

/// A tracer with its export at work, as a process has it.
struct RunningExport {
    let tracer: Tracer
    let log: CapturedLog

    /// Runs `body`, then shuts the service down as a process does and waits for its end.
    ///
    /// - Returns: what `body` returned, and how long the end took.
    @discardableResult
    static func with<Value>(
        url: String, _ adjust: (inout OpenTelemetryConfiguration) -> Void = { _ in },
        _ body: (RunningExport) async throws -> Value
    ) async throws -> (value: Value, end: Duration) {
        var configuration = OpenTelemetryConfiguration.test(url: url)
        adjust(&configuration)
        let log = CapturedLog()
        let (tracer, export) = makeTracing(configuration, logger: log.logger())
        guard let export else { throw CapturedLog.NoLine() }
        let group = ServiceGroup(services: [export], logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
        async let ended: Void = group.run()
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(RunningExport(tracer: tracer, log: log))) } catch {
            outcome = .failure(error)
        }
        let begun = ContinuousClock.now
        await group.triggerGracefulShutdown()
        try await ended
        return (try outcome.get(), ContinuousClock.now - begun)
    }
}

extension OpenTelemetryConfiguration {
    /// Sends at once, gives up soon.
    static func test(url: String) -> OpenTelemetryConfiguration {
        OpenTelemetryConfiguration(
            endpoint: OTLPEndpoint(url: url, headers: [("x-key", "k")], timeout: .seconds(5), userAgent: "sagaflow/1"),
            resource: [("service.name", .string("sagaflow-test"))], version: "1.2.3", queueSize: 100, batchSize: 10,
            delay: .milliseconds(10), exportTimeout: .seconds(10))
    }
}
