import Synchronization

/// Keeps calls in flight to one participant within its `maxConcurrent`, per engine; the rest wait first come, first served.
///
/// Participants without a limit cost nothing here.
final class CallLimiter: Sendable {
    /// Makes the call; must call `done` exactly once, when it has ended.
    typealias Call = @Sendable (_ done: @escaping @Sendable () -> Void) -> Void

    private struct Lane {
        var inFlight = 0
        var waiting: [Call] = []
    }

    private let lanes = Mutex<[String: Lane]>([:])

    /// Makes the call now or, if `limit` are in flight already, when one of them has ended.
    func run(_ participant: String, limit: Int?, _ call: @escaping Call) {
        guard let limit else { return call {} }
        let mayGo = lanes.withLock { lanes in
            var lane = lanes[participant] ?? Lane()
            let mayGo = lane.inFlight < limit
            if mayGo { lane.inFlight += 1 } else { lane.waiting.append(call) }
            lanes[participant] = lane
            return mayGo
        }
        if mayGo { begin(participant, call) }
    }

    private func begin(_ participant: String, _ call: Call) {
        call { self.ended(participant) }
    }

    private func ended(_ participant: String) {
        let next = lanes.withLock { lanes -> Call? in
            guard var lane = lanes[participant] else { return nil }
            let next = lane.waiting.isEmpty ? nil : lane.waiting.removeFirst()
            if next == nil { lane.inFlight -= 1 }
            lanes[participant] = lane.inFlight == 0 ? nil : lane
            return next
        }
        if let next { begin(participant, next) }
    }
}
