/// What is to be known of a run beside its steps; nearly every run has nothing of it.
package struct RunMarks: Sendable, Hashable {
    /// It begins no sooner.
    package var startAt: Instant?
    /// Nothing new begins; nil unless it is paused.
    package var pause: Pause?
    /// For so long altogether its deadline was held by pauses that are over.
    package var deadlineHeld = Duration.zero
    /// Past its pivot the deadline has passed, and that was told.
    package var hasMissedDeadline = false
    /// Signals that no step has taken, in the order in which they came.
    package var signals: [KeptSignal] = []
    /// The keys of signals that came with one, the last `KeptSignal.maxKeys` of them, oldest first.
    package var signalKeys: [String] = []

    /// A pause that somebody asked for.
    package struct Pause: Sendable, Hashable {
        package var since: Instant
        package var by: String
        package var reason: String?
        /// The deadline does not come closer meanwhile.
        package var holdsDeadline: Bool
    }

    /// Notes a signal that came: under a key that is known it would have been the same again.
    mutating func keep(_ signal: ReceivedSignal, sequence: Int, isWanted: Bool) {
        if isWanted { signals.append(KeptSignal(sequence: sequence, name: signal.name, payload: signal.payload)) }
        guard let key = signal.key else { return }
        signalKeys.append(key)
        if signalKeys.count > KeptSignal.maxKeys { signalKeys.removeFirst() }
    }

    package init() {}

    /// Attempts that were accepted, in the order in which they were.
    package var accepted: [AcceptedAttempt] = []
    /// Callbacks that came before the call was over that they end.
    package var callbacks: [KeptCallback] = []
    /// The lists whose elements have begun, in that order.
    package var lists: [ElementList] = []

    /// The run that this one does anew.
    package var restartedFrom: RestartLink?
    /// The run that does this one anew.
    package var restartedAs: RestartLink?
    /// Effects that are this run's, and that another run's calls had.
    package var kept: [KeptEffect] = []
    /// The runs that make the calls after its ends, oldest first.
    package var endCalls: [RunID] = []

    /// The callback that is kept for an action, if any.
    func callback(of step: Int, _ action: CallAction) -> Callback? {
        callbacks.first { $0.step == step && $0.action == action }?.callback
    }

    /// Bytes of memory that its payloads take, about.
    var weight: Int {
        signals.reduce(0) { $0 + $1.payload.footprint }
            + lists.reduce(0) { $0 + $1.items.footprint }
            + accepted.reduce(0) { $0 + ($1.poll?.path.utf8.count ?? 0) }
            + callbacks.reduce(0) { $0 + ($1.callback.output?.footprint ?? 0) + ($1.callback.error?.footprint ?? 0) }
    }

    /// What is looked for in many runs. Where there are lists what comes to single elements is left out: there are many of them, and
    /// each would have all of them written.
    var lasting: RunMarks {
        if lists.isEmpty { return self }
        var lasting = self
        (lasting.accepted, lasting.callbacks, lasting.signals, lasting.signalKeys) = ([], [], [], [])
        return lasting
    }
    /// Whose child it is; nil when it is nobody's.
    package var parent: ParentLink?

    /// Nothing is to be known.
    package var isEmpty: Bool { self == RunMarks() }
}

/// A signal as it came.
package struct ReceivedSignal: Sendable, Hashable {
    package let name: String
    package let payload: JSON
    /// Who sent it.
    package let by: String
    /// What makes a repeated one the same; nil for none.
    package let key: String?

    package init(name: String, payload: JSON, by: String, key: String?) {
        self.name = name
        self.payload = payload
        self.by = by
        self.key = key
    }
}

/// A signal that waits for the step that takes it.
package struct KeptSignal: Sendable, Hashable {
    /// The number of the event with which it came.
    package let sequence: Int
    package let name: String
    /// Null where it was left out.
    package let payload: JSON
    /// How long the payload is as text.
    package let bytes: Int

    package init(sequence: Int, name: String, payload: JSON, bytes: Int? = nil) {
        self.sequence = sequence
        self.name = name
        self.payload = payload
        self.bytes = bytes ?? payload.bytes.count
    }

    /// Signals of a run that wait at the most; what comes then is refused.
    package static let mostWaiting = 1000
    /// Bytes of their payloads, together, at the most.
    package static let maxWaitingBytes = 1 << 20
    /// Bytes of one payload at the most.
    package static let maxPayload = 256 << 10
    /// So many keys are remembered.
    package static let maxKeys = 1000
}

/// A value on the heap: what is hardly ever there takes no room.
final class Boxed<Value: Sendable>: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}

extension Boxed: Equatable where Value: Equatable {
    static func == (one: Boxed, other: Boxed) -> Bool { one === other || one.value == other.value }
}

extension Boxed: Hashable where Value: Hashable {
    func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
