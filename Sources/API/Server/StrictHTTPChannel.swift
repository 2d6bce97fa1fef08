import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Loops
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

// The HTTP/1.1 end of a connection, stricter than what the framework sets up by itself: framing that two parsers could
// read differently is refused (RequestRules), refusals are problem details like all others, the connection is closed
// after them so that the client can still read them (RequestCodec), a client has a bounded time to send a request
// (ReadDeadline), and starts are read when there is nothing else to do (StartHold).

/// Sets up the pipeline of one connection and hands its requests to the responder.
struct StrictHTTPChannel: HTTPChannelHandler {
    /// A connection, and where its requests are worked on.
    struct Value: ServerChildChannelValue {
        let requests: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        let executor: LoopExecutor?

        var channel: any Channel { requests.channel }
    }

    /// What a client is allowed.
    struct Limits: Sendable {
        /// From a request's first byte to its last.
        var requestTimeout: Duration = .seconds(8)
        /// From an answer to the next request.
        var idleTimeout: Duration = .seconds(60)
        /// Bytes of path and query.
        var uriBytes = 8 * 1024
        /// Bytes of one header, name and value.
        var headerBytes = 8 * 1024
        /// Headers in one request.
        var headerCount = 100
    }

    let responder: HTTPChannelHandler.Responder
    let limits: Limits
    let executors: LoopExecutors

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            // Roomier than `limits`: what the parser refuses is refused without a closer look.
            var parserLimits = NIOHTTPDecoderLimitConfiguration()
            parserLimits.maxHeaderFieldSize = 96 * 1024
            parserLimits.maxHeaderListSize = 128 * 1024
            parserLimits.maxHeaderFieldCount = limits.headerCount
            let deadline = ReadDeadline(requestTimeout: limits.requestTimeout, idleTimeout: limits.idleTimeout)
            let executor = executors.executor(of: channel.eventLoop)
            if let executor { try pipeline.addHandler(StartHold(executor, deadline: deadline)) }
            try pipeline.addHandler(deadline)
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: parserLimits)
            try pipeline.addHandler(RequestCodec(rules: RequestRules(limits: limits), deadline: deadline))
            let requests = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            return Value(requests: requests, executor: executor)
        }
    }

    /// Requests are answered on their connection's event loop: reading one, and writing what became of it, changes no thread.
    func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(value.executor) {
            await handleHTTP(asyncChannel: value.requests, logger: logger)
        }
    }
}

extension HTTPServerBuilder {
    /// A server of `StrictHTTPChannel`s.
    ///
    /// - Parameter executors: of the event loops its connections are on.
    static func strict(_ limits: StrictHTTPChannel.Limits, executors: LoopExecutors) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            StrictHTTPChannel(responder: responder, limits: limits, executors: executors)
        }
    }
}
