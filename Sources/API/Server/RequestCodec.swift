import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Translates between the parser's parts and the framework's, and refuses what breaks the rules.
///
/// Refusals keep their place among the answers to pipelined requests. After a refusal, or an answer with
/// `Connection: close`, nothing more is read; the output is closed first and the connection a moment later, so that
/// a client that is still sending gets to read the answer.
final class RequestCodec: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private static let lingering: TimeAmount = .seconds(1)

    private let rules: RequestRules
    private let deadline: ReadDeadline
    /// Requests handed on that have no answer yet.
    private var inFlight = 0
    /// The body of the last of them is still coming in.
    private var isReading = false
    /// No further request will be taken.
    private var isLast = false
    /// What comes in is thrown away.
    private var isDropping = false
    /// The answer being written closes the connection.
    private var closesAfterAnswer = false
    /// Waits for the answers before it.
    private var refusal: Problem?
    private var isOutputClosed = false

    init(rules: RequestRules, deadline: ReadDeadline) {
        self.rules = rules
        self.deadline = deadline
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .head(let head) = part { return receive(head, context) }
        guard !isDropping else { return }
        switch part {
        case .head: break
        case .body(let buffer):
            context.fireChannelRead(wrapInboundOut(.body(buffer)))
        case .end:
            isReading = false
            deadline.requestArrived()
            context.fireChannelRead(wrapInboundOut(.end(nil)))
        }
    }

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard !isLast else {
            isDropping = true
            return
        }
        if let problem = rules.violation(of: head) { return refuse(problem, context) }
        guard let request = HTTPRequest(head) else {
            return refuse(Problem(.malformedRequest, "The request line is malformed."), context)
        }
        inFlight += 1
        isReading = true
        if !head.isKeepAlive { isLast = true }
        if inFlight == 1, head.headers.contains(name: "expect") {
            context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(.head(request)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, !isReading else {
            // In the middle of a body the route hears of it, and answers.
            isLast = true
            isDropping = true
            return context.fireErrorCaught(error)
        }
        // What follows the last request is of no interest.
        guard !isLast else {
            isDropping = true
            return
        }
        if case .invalidMethod = error, !deadline.beganWithLetter {
            return refuse(Problem(.malformedRequest, "This is not HTTP."), context)
        }
        refuse(Problem(error), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ReadDeadline.Passed:
            if inFlight == 0, !isOutputClosed {
                refuse(Problem(.requestTimeout, "A request must be sent within a few seconds."), context)
            } else {
                context.close(promise: nil)
            }
        case is ChannelShouldQuiesceEvent:
            isLast = true
            if inFlight == 0 { context.close(promise: nil) }
        case ChannelEvent.inputClosed:
            isLast = true
            if isOutputClosed { return context.close(promise: nil) }
            context.fireUserInboundEventTriggered(event)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let response):
            var head = HTTPResponseHead(response)
            if response.status.kind != .informational {
                closesAfterAnswer = !head.isKeepAlive || isLast && inFlight == 1 && refusal == nil
                if closesAfterAnswer { head.headers.replaceOrAdd(name: "connection", value: "close") }
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body(let buffer):
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: promise)
        case .end:
            context.write(wrapOutboundOut(.end(nil)), promise: promise)
            inFlight -= 1
            if inFlight == 0 { deadline.answered() }
            if closesAfterAnswer {
                context.flush()
                closeOutput(context)
            } else if inFlight == 0, let refusal {
                write(refusal, context)
            }
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is ReadDeadline.HandOver else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        // With another request in flight, what comes in is not the body of the one that asks.
        if isReading, inFlight == 1 { deadline.handOver() }
        promise?.succeed()
    }

    private func refuse(_ problem: Problem, _ context: ChannelHandlerContext) {
        isLast = true
        isDropping = true
        if inFlight == 0 { write(problem, context) } else { refusal = problem }
    }

    private func write(_ problem: Problem, _ context: ChannelHandlerContext) {
        guard !isOutputClosed else { return }
        let body = ByteBuffer(bytes: problem.bytes(instance: nil))
        var fields = problem.answerHeaders
        fields[.connection] = "close"
        fields[.contentLength] = String(body.readableBytes)
        let head = HTTPResponseHead(HTTPResponse(status: problem.kind.status, headerFields: fields))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        closeOutput(context)
    }

    private func closeOutput(_ context: ChannelHandlerContext) {
        guard !isOutputClosed else { return }
        isOutputClosed = true
        isLast = true
        isDropping = true
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) { context.close(promise: nil) }
    }
}
