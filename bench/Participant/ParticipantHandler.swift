import NIOCore

/// Answers the requests on one connection, in order: calls as the mode wants it, GET as control.
///
/// Paths are told apart by single bytes: `/a`, `/b` and `/c` are the actions of the three steps, `/v1/…` takes traces.
final class ParticipantHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let yes = response("200 OK", body: BenchWorkflow.answer)
    private static let no = response("422 Unprocessable Content", body: #"{"ok":false}"#)

    private let state: ParticipantState
    private var received = ByteBuffer()
    private var hasWritten = false
    private var unanswered = 0

    init(_ state: ParticipantState) { self.state = state }

    func channelActive(context: ChannelHandlerContext) { state.connected() }

    func channelInactive(context: ChannelHandlerContext) {
        state.disconnected()
        state.dropped(unanswered)
        unanswered = 0
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var chunk = unwrapInboundIn(data)
        if received.readableBytes == 0 { received = chunk } else { received.writeBuffer(&chunk) }
        while let frame = HTTPFrame(received) {
            serve(context, frame)
            received.moveReaderIndex(forwardBy: frame.headLength + frame.bodyLength)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasWritten else { return }
        hasWritten = false
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func serve(_ context: ChannelHandlerContext, _ frame: HTTPFrame) {
        let start = received.readerIndex
        if received.getInteger(at: start, as: UInt8.self) == UInt8(ascii: "G") {
            return write(context, control(frame))
        }
        // Behind "POST /".
        let first = received.getInteger(at: start + 6, as: UInt8.self)
        if first == UInt8(ascii: "v") { return write(context, Self.yes) }
        let isThird =
            first == UInt8(ascii: "c") && received.getInteger(at: start + 7, as: UInt8.self) == UInt8(ascii: " ")
        state.received()
        unanswered += 1
        call(context, isThird: isThird)
    }

    private func call(_ context: ChannelHandlerContext, isThird: Bool) {
        let mode = state.mode
        let answer =
            if let seconds = mode.busySeconds ?? (isThird ? mode.thirdBusySeconds : nil) {
                Self.response("503 Service Unavailable", headers: "retry-after: \(seconds)\r\n", body: "{}")
            } else if isThird && mode.rejectsThird { Self.no } else { Self.yes }
        switch mode.pace {
        case .instant:
            answered()
            write(context, answer)
        case .hold(let time):
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(time)) {
                self.answerLate(context, answer)
            }
        case .gate: state.gate { self.answerLate(context, answer) }
        }
    }

    private func answerLate(_ context: ChannelHandlerContext, _ answer: ByteBuffer) {
        // Nobody is there any more: the call was counted as dropped.
        guard unanswered > 0 else { return }
        answered()
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }

    private func answered() {
        unanswered -= 1
        state.answered()
    }

    private func write(_ context: ChannelHandlerContext, _ answer: ByteBuffer) {
        hasWritten = true
        context.write(wrapOutboundOut(answer), promise: nil)
    }

    /// `/stats`, `/mode?…`, `/release` and `/reset`; each answers with the counts.
    private func control(_ frame: HTTPFrame) -> ByteBuffer {
        let head = received.getString(at: received.readerIndex, length: frame.headLength) ?? ""
        let target = head.split(separator: " ", maxSplits: 2).dropFirst().first ?? ""
        let parts = target.split(separator: "?", maxSplits: 1)
        switch parts.first {
        case "/stats": break
        case "/release": state.release()
        case "/reset": state.reset()
        case "/mode":
            guard let mode = ParticipantMode(query: parts.count > 1 ? parts[1] : "") else {
                return Self.response("400 Bad Request", body: "{}")
            }
            state.mode = mode
        default: return Self.response("404 Not Found", body: "{}")
        }
        return Self.response("200 OK", body: Figures.text(state.snapshot()))
    }

    private static func response(_ status: String, headers: String = "", body: String) -> ByteBuffer {
        ByteBuffer(
            string: "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\n\(headers)"
                + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}
