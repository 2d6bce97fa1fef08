import Core
import HTTPTypes
import Hummingbird
import Telemetry

/// Tells of every request: how long it took, in metrics; and, when tracing is on, a span that continues the caller's trace.
struct ObservingMiddleware: RouterMiddleware {
    let metrics: APIMetrics
    let tracer: Tracer

    func handle(
        _ request: Request, context: APIContext, next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let begun = ContinuousClock.now
        guard tracer.isEnabled, !Self.isProbe(request) else {
            let response = try await next(request, context)
            metrics.countRequest(
                request.method, route: context.endpointPath, status: response.status, ContinuousClock.now - begun)
            return response
        }
        let parent = request.headers[.traceparent].flatMap { TraceContext(traceparent: $0) }
        let start = Instant.now
        var traced = context
        traced.trace = tracer.start(parent: parent)
        let response = try await next(request, traced)
        let duration = ContinuousClock.now - begun
        metrics.countRequest(request.method, route: context.endpointPath, status: response.status, duration)
        record(request, response, traced, parent, start, duration)
        return response
    }

    private func record(
        _ request: Request, _ response: Response, _ context: APIContext, _ parent: TraceContext?, _ start: Instant,
        _ duration: Duration
    ) {
        guard let trace = context.trace, trace.isSampled else { return }
        let route = context.endpointPath ?? "unmatched"
        var attributes: [(key: String, value: SpanRecord.AttributeValue)] = [
            ("http.request.method", .string(request.method.rawValue)), ("http.route", .string(route)),
            ("http.status", .int(response.status.code)), ("http.response.status_code", .int(response.status.code)),
        ]
        // Where a run is accepted or asked for, Location names it.
        if let run = response.headers[.location]?.split(separator: "/").last, RunID(String(run)) != nil {
            attributes.append(("runId", .string(String(run))))
        }
        tracer.record(
            SpanRecord(
                name: "\(request.method.rawValue) \(route)", kind: .server, context: trace,
                parentSpanID: parent?.spanID, start: start, end: start + duration, attributes: attributes,
                error: response.status.code >= 500 ? "HTTP \(response.status.code)" : nil))
    }

    /// Probes and scrapes come every few seconds and tell nothing of anybody's work.
    private static func isProbe(_ request: Request) -> Bool {
        let path = request.uri.path
        return path == "/metrics" || path == "/ready" || path.hasPrefix("/health")
    }
}

extension Instant {
    /// This machine's clock.
    static var now: Instant { machineTime }
}
