import Glibc
import NIOCore
import Synchronization
package import Telemetry

/// The connections of one server: how many there may be, and which go when there is no room for another.
///
/// A process that takes more than it has descriptors for can open none to its database either, and one that takes no
/// more at all lets whoever came first keep everybody out. So when all are taken, or one address has its share, those
/// that have been idle longest are closed; only while none is idle a new one is refused.
package final class ConnectionRoom: Sendable {
    /// One connection. Whether it is idle is written on its event loop only.
    final class Place: Sendable {
        let channel: any Channel
        let address: String
        /// Nanoseconds of `NIODeadline`; zero while a request arrives or is answered.
        private let idleSince = Atomic<UInt64>(0)

        init(_ channel: any Channel) {
            self.channel = channel
            address = Self.client(channel.remoteAddress)
        }

        /// An IPv4 address, or the /64 of an IPv6 address, all of which usually belongs to one client.
        private static func client(_ address: SocketAddress?) -> String {
            guard let text = address?.ipAddress else { return "unknown" }
            var bytes = [UInt8](repeating: 0, count: 16)
            // Where the first half is zero are the machine itself and IPv4 addresses in another form.
            guard inet_pton(AF_INET6, text, &bytes) == 1, bytes.prefix(8).contains(where: { $0 != 0 }) else {
                return text
            }
            return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
        }

        /// Nil while it is busy.
        var idle: UInt64? {
            let since = idleSince.load(ordering: .relaxed)
            return since == 0 ? nil : since
        }

        func becomeIdle(since: NIODeadline) { idleSince.store(since.uptimeNanoseconds, ordering: .relaxed) }

        func becomeBusy() { idleSince.store(0, ordering: .relaxed) }
    }

    private struct State {
        var places: [ObjectIdentifier: Place] = [:]
        var byAddress: [String: Int] = [:]

        mutating func add(_ place: Place) {
            places[ObjectIdentifier(place)] = place
            byAddress[place.address, default: 0] += 1
        }

        /// False when it was not there.
        @discardableResult
        mutating func remove(_ place: Place) -> Bool {
            guard places.removeValue(forKey: ObjectIdentifier(place)) != nil else { return false }
            let left = (byAddress[place.address] ?? 1) - 1
            byAddress[place.address] = left == 0 ? nil : left
            return true
        }

        /// Those that have been idle longest, at most `count`.
        func idlest(_ count: Int, of address: String?) -> [Place] {
            let idle = places.values.compactMap { place -> (place: Place, since: UInt64)? in
                if let address, place.address != address { return nil }
                return place.idle.map { (place, $0) }
            }
            return idle.sorted { $0.since < $1.since }.prefix(count).map(\.place)
        }
    }

    /// Connections at once.
    package let capacity: Int
    /// Connections at once from one address.
    package let share: Int
    private let state = Mutex(State())
    private let refusedFull = Atomic<Int>(0)
    private let refusedAddress = Atomic<Int>(0)
    private let evicted = Atomic<Int>(0)

    /// - Parameters:
    ///   - capacity: connections at once, at least one.
    ///   - share: of them for one address; nil for all.
    package init(capacity: Int, share: Int? = nil) {
        self.capacity = max(1, capacity)
        self.share = max(1, min(share ?? capacity, capacity))
    }

    /// How many there are.
    package var count: Int { state.withLock { $0.places.count } }

    /// Looking for idle ones means to look at all, so some are closed at once: a flood then costs a look now and then.
    private var batch: Int { max(1, capacity / 64) }

    /// False when there is no room.
    func enter(_ place: Place) -> Bool {
        let leaving: [Place]? = state.withLock { state in
            let isShareTaken = state.byAddress[place.address, default: 0] >= share
            guard isShareTaken || state.places.count >= capacity else {
                state.add(place)
                return []
            }
            let idlest = state.idlest(batch, of: isShareTaken ? place.address : nil)
            guard !idlest.isEmpty else {
                if isShareTaken {
                    refusedAddress.wrappingAdd(1, ordering: .relaxed)
                } else {
                    refusedFull.wrappingAdd(1, ordering: .relaxed)
                }
                return nil
            }
            for place in idlest { state.remove(place) }
            state.add(place)
            return idlest
        }
        guard let leaving else { return false }
        for place in leaving { evict(place) }
        return true
    }

    func leave(_ place: Place) { state.withLock { _ = $0.remove(place) } }

    private func evict(_ place: Place) {
        let channel = place.channel
        channel.eventLoop.execute {
            guard channel.isActive else { return }
            // A client that still reads its answer is not idle, and one may have sent a request just now.
            let unsent = channel.unsentBytes
            if place.idle != nil, unsent == 0 {
                self.evicted.wrappingAdd(1, ordering: .relaxed)
                return channel.close(promise: nil)
            }
            if unsent > 0 { place.becomeBusy() }
            self.state.withLock { $0.add(place) }
        }
    }

    /// Registers what it tells.
    package func register(in registry: MetricsRegistry) {
        registry.read("http_server_connections", "Connections of clients.", .gauge) { [self] in [.init(count)] }
        registry.read(
            "http_server_connections_limit", "Connections of clients there may be: as set, or as many as fit.", .gauge
        ) { [capacity] in [.init(capacity)] }
        registry.read(
            "http_server_connections_refused_total",
            "Connections refused because all, or all of their address, were busy.", .counter, labels: ["reason"]
        ) { [self] in
            [
                .init(refusedFull.load(ordering: .relaxed), "full"),
                .init(refusedAddress.load(ordering: .relaxed), "address"),
            ]
        }
        registry.read(
            "http_server_connections_evicted_total", "Idle connections closed to make room for others.", .counter
        ) { [self] in [.init(evicted.load(ordering: .relaxed))] }
    }
}

extension Channel {
    /// Bytes of answers that the system has not taken yet, because the client reads slowly. On the channel's event
    /// loop.
    var unsentBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
