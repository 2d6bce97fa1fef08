/// How much a tenant may have of what all of them share; nil for as much as there is.
///
/// As JSON, in `tenants.limits` and in the API: an object with the members of `Kind`, each a whole number.
package struct TenantLimits: Sendable, Hashable {
    /// The limits there are. The raw values are public.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Runs started each second, on the long run.
        case startsPerSecond
        /// Runs started at once after a quiet time; `startsPerSecond` where it is not given.
        case startBurst
        /// Runs that live at the same time.
        case liveRuns
        /// Of these, those that wait: for a time, a signal, a person, a callback, a child or a repetition.
        case sleepingRuns
        /// Bytes that all runs take that are kept, by an estimate.
        case storedBytes
        /// Bytes of one start's input and context together.
        case payloadBytes

        /// What a limit may be. 0 is for those that can be "none at all".
        package var range: ClosedRange<Int> {
            switch self {
            case .startsPerSecond, .startBurst: 1...100_000
            case .liveRuns, .sleepingRuns: 0...100_000_000
            case .storedBytes: 0...(1 << 50)
            case .payloadBytes: 2...(64 << 20)
            }
        }
    }

    private var values: [Kind: Int] = [:]

    package init() {}

    package subscript(kind: Kind) -> Int? {
        get { values[kind] }
        set { values[kind] = newValue }
    }

    package var isEmpty: Bool { values.isEmpty }

    /// - Parameter stored: what a later version wrote and this one does not know is no limit here.
    package init(stored: JSON) {
        for kind in Kind.allCases { values[kind] = stored[kind.rawValue]?.int }
    }

    package var json: JSON {
        var object: JSONObject = [:]
        for kind in Kind.allCases { if let value = values[kind] { object[kind.rawValue] = JSON(value) } }
        return .object(object)
    }
}

/// What a tenant may do. The raw values are public, and stand in `tenants.state`.
package enum TenantState: String, Sendable, Hashable, CaseIterable {
    case active
    /// Nothing new begins; what runs goes on, and can be looked at and settled.
    case suspended
    /// Its keys are refused, too. What runs goes on to its end.
    case closed
}
