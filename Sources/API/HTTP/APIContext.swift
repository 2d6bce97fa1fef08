import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import Storage
import Telemetry

/// A call that the console makes for its reader.
enum ConsoleCall: Sendable {
    /// For a page: large payloads are left out.
    case page
    /// For somebody who wants it as it is.
    case whole
}

/// What a route knows of its request besides the request itself.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Whoever calls; nobody in particular where the route asks for nothing.
    var principal = Principal.anonymous
    /// The span of this request, when it is traced.
    var trace: TraceContext?
    /// From where the call came, for the audit; known of calls that change something, but not of starts.
    var origin = CallOrigin.unknown
    /// It is a call that the console makes for its reader, which counts under the console's own rate; nil for any other.
    var console: ConsoleCall?
    /// Of a call that may go on for long: whether the login still holds for which the console makes it.
    var isLoggedIn: (@Sendable () async -> Bool)?
    private let channel: any NIOCore.Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The peer's address, for limits per client; `unknown` when the connection has gone already.
    var clientAddress: String { channel.remoteAddress?.ipAddress ?? "unknown" }

    /// What limits per client count under: see `AccessGate.limitedAddress`.
    var limitedAddress: String { AccessGate.limitedAddress(clientAddress) }

    /// From where a call came: its request id is the client's, or one that nobody else has.
    func origin(of request: Request) -> CallOrigin {
        let given = request.headers[values: .xRequestID]
        let isGood = given.count == 1 && (1...128).contains(given[0].utf8.count) && HTTPFields.isPrintable(given[0])
        let trace = trace ?? request.headers[.traceparent].flatMap { TraceContext(traceparent: $0) }
        return CallOrigin(
            address: clientAddress, requestID: isGood ? given[0] : "\(TraceID.random())",
            traceID: trace.map { "\($0.traceID)" })
    }

    /// Takes the request's body out of the deadline for requests: the route reads it as it comes, and sees to it that
    /// clients who do nothing go.
    func handOverReading() { channel.triggerUserOutboundEvent(ReadDeadline.HandOver(), promise: nil) }

    /// Waits until the connection has what was written to it from other threads than its own. What its own thread does next, such
    /// as to end the answer, would overtake it.
    func awaitWrites() async throws { try await channel.eventLoop.submit {}.get() }

    /// Closes the connection as it is, whatever is still to be read or written.
    func closeConnection() { channel.close(promise: nil) }

    /// A variable of the route's path, percent-decoded.
    ///
    /// - Throws: `invalidParameter` when it is no text.
    func pathText(_ name: Substring) throws(Problem) -> String {
        guard let raw = parameters[name] else { preconditionFailure("the route has no \(name)") }
        guard let text = decodedText(raw) else {
            throw Problem(.invalidParameter, "The path holds a percent sign that encodes no text.")
        }
        return text
    }
}
