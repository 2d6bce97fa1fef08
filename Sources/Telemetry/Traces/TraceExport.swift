import Core
package import Logging
import ServiceLifecycle

/// Sends what the tracer takes in to a collector, until shutdown; then what is left, within the export timeout.
///
/// One batch at a time. A batch that the collector can't take now is tried a few times, then dropped and counted:
/// meanwhile the queue fills up and drops, so a collector that is away costs a bounded amount of memory and nothing else.
/// To be the first of the process's services: they stop in reverse order, and the others' last spans are wanted.
package struct TraceExport: Service {
    let queue: SpanQueue
    let configuration: OpenTelemetryConfiguration
    let logger: Logger

    package func run() async throws {
        let client = OTLPClient(configuration.endpoint)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await exportUntilClosed(client) }
            group.addTask { await closeAtShutdown() }
            await group.next()
            group.cancelAll()
        }
        do { try await client.shutDown() } catch {
            logger.warning("the client that exports traces did not end cleanly", metadata: ["error": "\(error)"])
        }
    }

    /// Ends when everything is sent after the queue was closed, or when it is cancelled.
    private func exportUntilClosed(_ client: OTLPClient) async {
        var sender = BatchSender(
            client: client, queue: queue, resource: configuration.resource, version: configuration.version,
            timeout: configuration.exportTimeout, logger: logger)
        while !Task.isCancelled {
            await queue.wait(atMost: configuration.delay)
            let isLast = queue.isClosed
            while case let batch = queue.take(), !batch.isEmpty { await sender.send(batch) }
            if isLast { return }
        }
    }

    /// Closes the queue at shutdown, and ends when the time for the rest is over, or at once when it is cancelled.
    private func closeAtShutdown() async {
        do {
            try await gracefulShutdown()
            queue.close()
            try await Task.sleep(for: configuration.exportTimeout)
            logger.warning("traces are left behind: the collector was too slow")
        } catch {
            queue.close()
        }
    }
}

/// The tracer of a process and the service that exports what it takes in; `.disabled` and nil when tracing is off.
package func makeTracing(
    _ configuration: OpenTelemetryConfiguration, logger: Logger
) -> (tracer: Tracer, export: TraceExport?) {
    guard configuration.isEnabled else { return (.disabled, nil) }
    let queue = SpanQueue(capacity: configuration.queueSize, batch: configuration.batchSize)
    return (
        Tracer(sampler: configuration.sampler, queue: queue),
        TraceExport(queue: queue, configuration: configuration, logger: logger)
    )
}
