import HTTPTypes
import Hummingbird
package import HummingbirdCore
package import Logging
package import Loops
package import NIOCore
import NIOHTTP1
import NIOHTTPTypes

// The HTTP/1.1 end of a connection, of the API and of the engines' ops port, stricter than what the framework sets up
// by itself: framing that two parsers could read differently is refused (RequestRules), refusals are answers like all
// others (Refusal), the connection is closed after them so that the client can still read them (RequestCodec), a
// client has a bounded time to send a request (ReadDeadline), starts are read when there is nothing else to do
// (StartHold), and no more connections are held than there are descriptors for (Descriptors, ConnectionRoom).

/// Sets up the pipeline of one connection and hands its requests to the responder.
package struct StrictHTTPChannel: HTTPChannelHandler {
    /// A connection, and where its requests are worked on.
    package struct Value: ServerChildChannelValue {
        fileprivate let connection: OpenConnection
        let executor: LoopExecutor?

        package var channel: any Channel { connection.requests.channel }
    }

    /// A connection that is handed on to be served, or dropped because the server has stopped meanwhile: then it must
    /// not go before its channel has closed, which NIO takes for a programmer's error.
    fileprivate final class OpenConnection: Sendable {
        let requests: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

        init(_ requests: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>) { self.requests = requests }

        deinit {
            let requests = requests
            requests.channel.closeFuture.whenComplete { _ in withExtendedLifetime(requests) {} }
            requests.channel.close(promise: nil)
        }
    }

    /// What a client is allowed.
    package struct Limits: Sendable {
        /// From a request's first byte to its last.
        package var requestTimeout: Duration = .seconds(8)
        /// From the end of an answer to the next request; and for how long a client may take nothing of an answer.
        package var idleTimeout: Duration = .seconds(60)
        /// Bytes of path and query.
        package var uriBytes = 8 * 1024
        /// Bytes of one header, name and value.
        package var headerBytes = 8 * 1024
        /// Headers in one request.
        package var headerCount = 100
        /// Bytes of a body; nil where routes that read bodies bound them.
        package var bodyBytes: Int?
        /// What `Allow` names where no route is asked.
        package var methods = "GET, HEAD, POST, PUT, DELETE"

        package init() {}
    }

    /// What a server does besides answering.
    package struct Setup: Sendable {
        let limits: Limits
        let executors: LoopExecutors
        let room: ConnectionRoom
        let wording: Refusal.Wording
        let holding: [UInt8]?

        /// - Parameters:
        ///   - executors: of the event loops its connections are on.
        ///   - room: its connections.
        ///   - holding: what requests begin with that are read when there is nothing else to do.
        ///   - wording: of what is refused before any route sees it.
        package init(
            _ limits: Limits, executors: LoopExecutors, room: ConnectionRoom, holding: String? = nil,
            wording: @escaping Refusal.Wording
        ) {
            self.limits = limits
            self.executors = executors
            self.room = room
            self.holding = holding.map { Array($0.utf8) }
            self.wording = wording
        }
    }

    package let responder: HTTPChannelHandler.Responder
    private let parts: Setup

    init(_ parts: Setup, responder: @escaping HTTPChannelHandler.Responder) {
        self.parts = parts
        self.responder = { request, writer, channel in
            guard request.headers.contains(.expect) else { return try await responder(request, writer, channel) }
            var asking = request
            asking.body = RequestBody(asyncSequence: AskedForBody(body: request.body, channel: channel))
            try await responder(asking, writer, channel)
        }
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let limits = parts.limits
            // Roomier than `limits`: what the parser refuses is refused without a closer look.
            var parserLimits = NIOHTTPDecoderLimitConfiguration()
            parserLimits.maxHeaderFieldSize = 96 * 1024
            parserLimits.maxHeaderListSize = 128 * 1024
            parserLimits.maxHeaderFieldCount = limits.headerCount
            let deadline = ReadDeadline(requestTimeout: limits.requestTimeout, idleTimeout: limits.idleTimeout)
            let executor = parts.executors.executor(of: channel.eventLoop)
            try pipeline.addHandler(ConnectionGate(parts.room, deadline: deadline))
            if let executor, let holding = parts.holding {
                try pipeline.addHandler(StartHold(holding, executor, deadline: deadline))
            }
            try pipeline.addHandler(deadline)
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: parserLimits)
            try pipeline.addHandler(
                RequestCodec(rules: RequestRules(limits: limits), wording: parts.wording, deadline: deadline))
            let requests = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            return Value(connection: OpenConnection(requests), executor: executor)
        }
    }

    /// Requests are answered on their connection's event loop: reading one, and writing what became of it, changes no
    /// thread.
    package func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(value.executor) {
            await handleHTTP(asyncChannel: value.connection.requests, logger: logger)
        }
    }
}

/// The body of a request whose client waits to be asked for it.
private struct AskedForBody: AsyncSequence, Sendable {
    let body: RequestBody
    let channel: any Channel

    func makeAsyncIterator() -> RequestBody.AsyncIterator {
        channel.triggerUserOutboundEvent(RequestCodec.BodyWanted(), promise: nil)
        return body.makeAsyncIterator()
    }
}

extension HTTPServerBuilder {
    /// A server of `StrictHTTPChannel`s.
    package static func strict(_ setup: StrictHTTPChannel.Setup) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in StrictHTTPChannel(setup, responder: responder) }
    }
}
