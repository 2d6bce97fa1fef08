import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Translates between the parser's parts and the framework's, and refuses what breaks the rules.
///
/// Refusals keep their place among the answers to pipelined requests. After a refusal, or an answer with
/// `Connection: close`, nothing more is read; the output is closed first and the connection a moment later, so that
/// a client that is still sending gets to read the answer.
///
/// An answer to HEAD has no body, whoever writes it. A body that waits for `100 Continue` is asked for once a route
/// reads it: a refusal that needs only the head comes instead of it.
final class RequestCodec: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private static let lingering: TimeAmount = .seconds(1)

    /// The event, outbound, that a route wants the body of its request.
    struct BodyWanted {}

    private let rules: RequestRules
    private let wording: Refusal.Wording
    private let deadline: ReadDeadline
    /// Requests handed on that have no answer yet.
    private var inFlight = 0
    /// Requests handed on so far, and which of those in flight are HEAD, as numbers in that order.
    private var taken = 0
    private var heads: [Int] = []
    /// The request whose body is coming in waits for `100 Continue`.
    private var awaitsContinue = false
    /// Bytes of the body that is coming in.
    private var bodyBytes = 0
    /// The body of the last of them is still coming in.
    private var isReading = false
    /// No further request will be taken.
    private var isLast = false
    /// What comes in is thrown away.
    private var isDropping = false
    /// The answer being written is to HEAD.
    private var isAnsweringHead = false
    /// The answer being written closes the connection.
    private var closesAfterAnswer = false
    /// Waits for the answers before it.
    private var refusal: (Refusal, isHead: Bool)?
    private var isOutputClosed = false

    init(rules: RequestRules, wording: @escaping Refusal.Wording, deadline: ReadDeadline) {
        self.rules = rules
        self.wording = wording
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
            // It has not waited.
            awaitsContinue = false
            if let most = rules.limits.bodyBytes {
                bodyBytes += buffer.readableBytes
                if bodyBytes > most { return giveUpBody(context) }
            }
            context.fireChannelRead(wrapInboundOut(.body(buffer)))
        case .end:
            isReading = false
            awaitsContinue = false
            deadline.requestArrived()
            context.fireChannelRead(wrapInboundOut(.end(nil)))
        }
    }

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard !isLast else {
            isDropping = true
            return
        }
        let isHead = head.method == .HEAD
        if let refusal = rules.violation(of: head) { return refuse(refusal, isHead: isHead, context) }
        guard let request = HTTPRequest(head) else {
            return refuse(Refusal(.malformed, "The request line is malformed."), isHead: isHead, context)
        }
        if isHead { heads.append(taken) }
        taken += 1
        inFlight += 1
        isReading = true
        bodyBytes = 0
        if !head.isKeepAlive { isLast = true }
        // HTTP/1.0 knows no interim answers, so its expectations are passed over (RFC 9110 §10.1.1).
        awaitsContinue = head.version == .http1_1 && head.headers.contains(name: "expect")
        context.fireChannelRead(wrapInboundOut(.head(request)))
    }

    /// The body is longer than the server takes; what answers has not asked for it.
    private func giveUpBody(_ context: ChannelHandlerContext) {
        isLast = true
        isDropping = true
        if inFlight == 0 { closeOutput(context) }
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
            return refuse(Refusal(.malformed, "This is not HTTP."), isHead: false, context)
        }
        refuse(Refusal(error, methods: rules.limits.methods), isHead: false, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ReadDeadline.Passed:
            if inFlight == 0, !isOutputClosed {
                let late = Refusal(.requestTimeout, "A request must be sent within a few seconds.")
                refuse(late, isHead: false, context)
            } else {
                context.close(promise: nil)
            }
        case is ConnectionGate.Refused:
            let full = Refusal(
                .full, "There are as many connections as there may be.", headers: [.retryAfter: "1"])
            refuse(full, isHead: false, context)
            // Not kept for a client that is slow to read it: there is no room.
            context.close(promise: nil)
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
                isAnsweringHead = heads.first == taken - inFlight
                // Answered without its body, the client may send it all the same, or may not.
                if awaitsContinue, inFlight == 1 { isLast = true }
                closesAfterAnswer = !head.isKeepAlive || isLast && inFlight == 1 && refusal == nil
                if closesAfterAnswer { head.headers.replaceOrAdd(name: "connection", value: "close") }
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body(let buffer):
            let buffer = isAnsweringHead ? ByteBuffer() : buffer
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: promise)
        case .end:
            // The encoder would end a body of chunks although there is none.
            let end: OutboundOut = isAnsweringHead ? .body(.byteBuffer(ByteBuffer())) : .end(nil)
            context.write(wrapOutboundOut(end), promise: promise)
            if isAnsweringHead {
                heads.removeFirst()
                isAnsweringHead = false
            }
            inFlight -= 1
            if inFlight == 0 { deadline.answered() }
            if closesAfterAnswer {
                context.flush()
                closeOutput(context)
            } else if inFlight == 0, let (refusal, isHead) = refusal {
                write(refusal, isHead: isHead, context)
            }
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event {
        case is ReadDeadline.HandOver:
            // With another request in flight, what comes in is not the body of the one that asks.
            if isReading, inFlight == 1 { deadline.handOver() }
            // Who reads the body as it comes may begin to answer before: an interim answer must not come after that.
            askForBody(context)
            promise?.succeed()
        case is BodyWanted:
            askForBody(context)
            promise?.succeed()
        default:
            context.triggerUserOutboundEvent(event, promise: promise)
        }
    }

    private func askForBody(_ context: ChannelHandlerContext) {
        guard awaitsContinue, inFlight == 1 else { return }
        awaitsContinue = false
        let interim = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
    }

    private func refuse(_ refusal: Refusal, isHead: Bool, _ context: ChannelHandlerContext) {
        isLast = true
        isDropping = true
        if inFlight == 0 { write(refusal, isHead: isHead, context) } else { self.refusal = (refusal, isHead) }
    }

    private func write(_ refusal: Refusal, isHead: Bool, _ context: ChannelHandlerContext) {
        guard !isOutputClosed else { return }
        var (answer, body) = wording(refusal)
        answer.headerFields[.connection] = "close"
        answer.headerFields[.contentLength] = String(body.readableBytes)
        context.write(wrapOutboundOut(.head(HTTPResponseHead(answer))), promise: nil)
        if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
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
