import NIOCore

/// Asks for room for a connection when it begins, and gives it back at its end.
final class ConnectionGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// The event that there was no room: the connection is to be refused.
    struct Refused {}

    private let room: ConnectionRoom
    private let deadline: ReadDeadline
    private var place: ConnectionRoom.Place?

    /// - Parameter deadline: the connection's; it knows when it is idle.
    init(_ room: ConnectionRoom, deadline: ReadDeadline) {
        self.room = room
        self.deadline = deadline
    }

    func channelActive(context: ChannelHandlerContext) {
        // Earlier the system has not been asked for the peer's address.
        let place = ConnectionRoom.Place(context.channel)
        if room.enter(place) {
            self.place = place
            deadline.take(place)
            context.fireChannelActive()
        } else {
            context.fireChannelActive()
            context.fireUserInboundEventTriggered(Refused())
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let place { room.leave(place) }
        place = nil
        context.fireChannelInactive()
    }
}
