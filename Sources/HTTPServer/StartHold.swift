import Loops
import NIOCore

/// Leaves starts unread until their event loop has nothing else to do.
///
/// Thousands may come at once, and whoever asks what became of one, or whether the process is alive, is not to stand behind
/// them. Reading their bytes from the socket costs little; what costs is to parse them and to carry them to whoever answers.
final class StartHold: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Bytes held for one connection. A longer body is read as it comes, by those who bound it.
    static let limit = 64 * 1024

    private let beginning: [UInt8]
    private let executor: LoopExecutor
    private let deadline: ReadDeadline
    private var held: ByteBuffer?

    /// - Parameters:
    ///   - beginning: what a start begins with.
    ///   - executor: of the connection's event loop.
    ///   - deadline: the connection's, behind this handler.
    init(_ beginning: [UInt8], _ executor: LoopExecutor, deadline: ReadDeadline) {
        self.beginning = beginning
        self.executor = executor
        self.deadline = deadline
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if held != nil {
            var more = unwrapInboundIn(data)
            held?.writeBuffer(&more)
            if let held, held.readableBytes > Self.limit { release(context) }
            return
        }
        // What was sent ahead behind another request is read with it.
        guard deadline.isIdle else { return context.fireChannelRead(data) }
        let bytes = unwrapInboundIn(data)
        guard bytes.readableBytesView.starts(with: beginning), bytes.readableBytes <= Self.limit else {
            return context.fireChannelRead(data)
        }
        held = bytes
        deadline.hold()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        executor.giveWay {
            let (hold, context) = bound.value
            hold.release(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        release(context)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // That the client sends nothing more, or that the process is to end, comes after what it has sent.
        release(context)
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        release(context)
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) { held = nil }

    private func release(_ context: ChannelHandlerContext) {
        guard let bytes = held else { return }
        held = nil
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
    }
}
