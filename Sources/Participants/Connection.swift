internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// One connection to a participant: writes a request, reads its answer, waits for the next. Used only on its loop.
///
/// It is never used for two calls at once, and for a next call only when the last answer ended exactly where the bytes
/// ended.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Successors: opening → idle; idle → busy; busy → idle; each → closed.
    private enum State {
        case opening(ConnectAttempt?)
        case idle(until: NIODeadline)
        case busy(PendingCall)
        case closed
    }

    private let pool: OriginPool
    private var state = State.opening(nil)
    private var context: ChannelHandlerContext?
    private var parser: ResponseParser
    private var request = ByteBuffer()
    private var idleTimeout: TimeAmount
    /// Set while a request is handed to the channel. What the channel reports meanwhile, it reports because the write
    /// failed.
    private var isWriting = false
    /// It has read an answer: what comes later can't be the end of the handshake.
    private var hasAnswered = false
    /// Larger TLS writes may reach the socket in several parts.
    private static let oneTLSRecord = 16_000

    init(pool: OriginPool) {
        let configuration = pool.loopPool.configuration
        self.pool = pool
        idleTimeout = TimeAmount(configuration.idleTimeout)
        parser = ResponseParser(
            limits: ResponseParser.Limits(
                headBytes: configuration.maxHeaderBytes, headerCount: configuration.maxHeaders,
                bodyBytes: configuration.maxResponseBytes))
    }

    /// Whether the channel is there and, as far as its loop has heard, both sides keep it open.
    var isOpen: Bool {
        if case .closed = state { return false }
        return context?.channel.isActive ?? false
    }

    /// When something must be done about this connection.
    var deadline: NIODeadline? {
        switch state {
        case .idle(let until): until
        case .busy(let call): call.deadline
        case .opening, .closed: nil
        }
    }

    // MARK: - Calls

    /// Sends the call. The connection is idle or has just been opened.
    ///
    /// The channel makes one attempt to write per flush. If that fails, the channel is closed when `flush` returns, and
    /// not one byte has left: the call may be made again elsewhere. After a partial write it may not.
    func perform(_ call: PendingCall) {
        guard let context else {
            pool.startAgain(call)
            return
        }
        state = .busy(call)
        parser.begin(
            expectsBody: call.call.method != "HEAD", maxBodyBytes: call.call.maxResponseBytes,
            wantedHeaders: call.call.wantedHeaders)
        pool.encoder.encode(call.call, into: &request)
        let isOneWrite = pool.origin.scheme == .http || request.readableBytes <= Self.oneTLSRecord
        isWriting = true
        context.writeAndFlush(NIOAny(request), promise: nil)
        isWriting = false
        if !RequestEncoder.isWorthKeeping(request) { request = ByteBuffer() }
        guard !context.channel.isActive else { return }
        if isOneWrite {
            state = .closed
            pool.startAgain(call)
        } else {
            fail(.connectionClosed, "\(pool.origin) closed the connection while the request was written.")
        }
    }

    /// Enters the idle state and returns when it ends.
    func becomeIdle() -> NIODeadline {
        let until = NIODeadline.now() + idleTimeout
        state = .idle(until: until)
        return until
    }

    private func complete(_ call: PendingCall, leftover: Int) {
        let head = parser.head
        let body = parser.takeBody()
        let mayReuse = parser.mayReuseConnection && leftover == 0 && hasWrittenEverything
        if let seconds = head.keepAliveTimeout {
            // A second less than the server says, for what is on its way meanwhile.
            idleTimeout = min(idleTimeout, .seconds(Int64(max(seconds - 1, 0))))
        }
        state = .idle(until: .distantFuture)
        hasAnswered = true
        if head.isEncoded, !body.isEmpty {
            call.finish(response(head, body: [], fault: "is in a content coding, which was not asked for"))
        } else {
            call.finish(response(head, body: body))
        }
        if mayReuse, idleTimeout > .zero {
            pool.release(self)
        } else {
            closePolitely()
        }
    }

    private func response(_ head: ResponseHead, body: [UInt8], fault: String? = nil) -> TransportResult {
        let wait = head.retryAfter.flatMap { RetryAfter.parse($0, now: secondsSince1970) }
        return .response(
            status: head.status, retryAfter: wait, contentType: head.contentType, body: body, bodyFault: fault,
            headers: head.headers)
    }

    /// False when the answer came before the participant read the whole request: the rest must not be taken for a new
    /// one.
    private var hasWrittenEverything: Bool {
        guard let options = context?.channel.syncOptions else { return false }
        return (try? options.getOption(.bufferedWritableBytes)) == 0
    }

    /// Ends the call and the connection: with the answer, when its head had come and decides, without one otherwise.
    private func fail(_ kind: TransportFailure.Kind, _ message: String) {
        guard case .busy(let call) = state else { return }
        let isDecided = parser.isDecided
        closeHard()
        guard isDecided else { return call.finish(.unknown(TransportFailure(kind, message))) }
        let (head, body) = (parser.head, parser.takeBody())
        call.finish(
            response(
                head, body: head.isEncoded ? [] : Array(body.prefix(ResponseParser.keptBytes)),
                fault: fault(kind, isEncoded: head.isEncoded)))
    }

    /// Completes the sentence "Its body …".
    private func fault(_ kind: TransportFailure.Kind, isEncoded: Bool) -> String {
        let what = isEncoded ? "is in a content coding, which was not asked for, and " : ""
        return switch kind {
        case .responseTooLarge: "\(what)exceeds \(parser.maxBodyBytes) bytes"
        case .timeout: "\(what)was not complete before the deadline"
        case .malformedResponse: "\(what)is malformed"
        case .connectionClosed, .dns, .notAllowed, .connect, .tls, .poolExhausted, .invalidRequest, .withdrawn,
            .shutdown:
            "\(what)was cut off"
        }
    }

    // MARK: - Deadlines and closing

    func expire(_ now: NIODeadline) {
        switch state {
        case .idle(let until) where until <= now:
            closePolitely()
        case .busy(let call) where call.deadline <= now:
            fail(.timeout, "\(pool.origin) did not answer completely before the deadline.")
        case .idle, .busy, .opening, .closed:
            break
        }
    }

    /// Gives up the call in flight because the client is shut down.
    func abandon() {
        fail(.shutdown, "The client was shut down while \(pool.origin) had the call.")
    }

    /// For TLS: reports to the attempt how the handshake ends.
    func awaitHandshake(for attempt: ConnectAttempt) {
        switch state {
        case .opening: state = .opening(attempt)
        case .idle: attempt.opened(self)
        case .closed: attempt.handshakeFailed("the connection was closed")
        case .busy: preconditionFailure("a call before the connection was handed over")
        }
    }

    /// Says goodbye where the protocol has a word for it (TLS).
    func closePolitely() {
        state = .closed
        context?.close(promise: nil)
    }

    /// Closes the socket at once, whatever the other side does.
    func closeHard() {
        state = .closed
        guard let context else { return }
        // From the TLS handler outwards: no farewell that a hostile server could leave unanswered.
        let outermost = try? context.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self)
        (outermost ?? context).close(promise: nil)
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch state {
        case .busy where isWriting:
            // An answer to a request that has not been sent is none.
            break
        case .busy(let call):
            read(bytes, for: call)
        case .idle, .opening:
            // Nobody asked: whatever this is, it must not become the next call's answer.
            closeHard()
        case .closed:
            break
        }
    }

    private func read(_ bytes: ByteBuffer, for call: PendingCall) {
        do {
            guard let consumed = try parser.feed(bytes.readableBytesUInt8Span) else { return }
            complete(call, leftover: bytes.readableBytes - consumed)
        } catch {
            switch error {
            case .malformed(let reason):
                fail(.malformedResponse, "The answer of \(pool.origin) is malformed: \(reason).")
            case .tooLarge:
                fail(.responseTooLarge, "The answer of \(pool.origin) exceeds \(parser.maxBodyBytes) bytes.")
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent, case .opening(let attempt) = state else { return }
        state = .idle(until: .distantFuture)
        attempt?.opened(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .opening(let attempt):
            closeHard()
            attempt?.handshakeFailed(TLSContext.reason(of: error))
        case .busy where isWriting:
            break
        case .busy(let call) where !hasAnswered && !parser.hasBegun && TLSContext.refusesClient(error):
            closeHard()
            call.finish(
                .notSent(
                    TransportFailure(
                        .tls, "The TLS handshake with \(pool.origin) failed: \(TLSContext.reason(of: error)).")))
        case .busy:
            fail(.connectionClosed, "\(pool.origin) broke the connection off before its answer was complete.")
        case .idle:
            closeHard()
        case .closed:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch state {
        case .opening(let attempt):
            state = .closed
            attempt?.handshakeFailed("the connection was closed")
        case .busy where isWriting:
            break
        case .busy(let call) where parser.endOfInput():
            complete(call, leftover: 0)
        case .busy where parser.hasBegun:
            fail(.connectionClosed, "\(pool.origin) closed the connection in the middle of its answer.")
        case .busy:
            fail(.connectionClosed, "\(pool.origin) closed the connection without an answer.")
        case .idle, .closed:
            state = .closed
        }
        pool.connectionClosed(self)
    }
}
