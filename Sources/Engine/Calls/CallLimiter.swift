import DequeModule
import Synchronization

/// Keeps calls in flight to one participant within its `maxConcurrent`, per engine; the rest wait first come, first
/// served.
///
/// Participants without a limit cost nothing here.
final class CallLimiter: Sendable {
    /// Makes the call; must call `done` exactly once, when it has ended.
    typealias Call = @Sendable (_ done: @escaping @Sendable () -> Void) -> Void

    private struct Lane {
        var limit: Int
        var inFlight = 0
        var waiting: Deque<Call> = []
        /// Somebody is beginning waiting calls: whoever ends one meanwhile leaves it to them, however many end at once.
        var isPumping = false
    }

    private let lanes = Mutex<[String: Lane]>([:])

    /// Makes the call now or, if `limit` are in flight already, when its turn has come.
    func run(_ participant: String, limit: Int?, _ call: @escaping Call) {
        guard let limit else { return call {} }
        lanes.withLock { lanes in
            lanes[participant, default: Lane(limit: limit)].limit = limit
            lanes[participant]?.waiting.append(call)
        }
        pump(participant)
    }

    /// The participant has another limit from now on, nil for none: calls that wait may go at once.
    func change(_ participant: String, limit: Int?) {
        lanes.withLock { $0[participant]?.limit = limit ?? .max }
        pump(participant)
    }

    /// How many calls wait for their turn, by participant; those where none does are left out.
    var queued: [String: Int] {
        lanes.withLock { $0.compactMapValues { $0.waiting.isEmpty ? nil : $0.waiting.count } }
    }

    private func pump(_ participant: String) {
        let mayPump = lanes.withLock { lanes in
            guard lanes[participant]?.isPumping == false else { return false }
            lanes[participant]?.isPumping = true
            return true
        }
        guard mayPump else { return }
        while let call = next(participant) { call { self.ended(participant) } }
    }

    /// The next call that may begin; nil ends the pumping.
    private func next(_ participant: String) -> Call? {
        lanes.withLock { lanes in
            guard var lane = lanes[participant] else { return nil }
            if lane.inFlight < lane.limit, !lane.waiting.isEmpty {
                lane.inFlight += 1
                defer { lanes[participant] = lane }
                return lane.waiting.removeFirst()
            }
            lane.isPumping = false
            lanes[participant] = lane.inFlight == 0 ? nil : lane
            return nil
        }
    }

    private func ended(_ participant: String) {
        lanes.withLock { $0[participant]?.inFlight -= 1 }
        pump(participant)
    }
}
