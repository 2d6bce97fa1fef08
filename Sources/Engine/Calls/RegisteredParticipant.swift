import Core
import Logging
import Participants

/// A registered participant, ready to be called.
struct RegisteredParticipant: Sendable {
    let id: ParticipantID
    /// Where it is.
    let baseURL: BaseURL
    /// Whether it has limits that hold over all engines: a `maxConcurrent` or a `rate`.
    var isLimited: Bool { maxConcurrent != nil || rate != nil }
    /// Calls in flight to it from all engines at the most; nil for no limit.
    let maxConcurrent: Int?
    /// How calls from all engines may begin; nil for no limit.
    let rate: CallRate?
    /// What its calls carry, secrets included.
    let credentials: Credentials
    /// Stands before its calls; nil when it is switched off.
    let breaker: BreakerGate?
    /// On while somebody has paused it: no call is sent.
    let pause: PauseSwitch
    /// Counts its calls.
    let meter: CallMeter
    /// When it was registered last.
    let updatedAt: Instant
}

/// The breaker of a participant as metrics show it.
struct BreakerReading: Sendable, Hashable {
    let participant: ParticipantID
    let state: BreakerState
    /// How often it has opened in this process.
    let openedCount: Int
}

extension ParticipantID {
    /// As logs name it: of a tenant's own, whose it is.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["participant": "\(name)"]
        if let tenantID = owner.tenantID { metadata["tenant"] = "\(tenantID)" }
        return metadata
    }
}
