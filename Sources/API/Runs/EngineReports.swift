import Core
import Storage
import Synchronization

/// The engines that live, with what they told in their last heartbeats: asked for at most once a second, by one at a time.
final class EngineReports: Sendable {
    /// What was told, and which participants are tenants' own: who says nothing of a tenant's own does not speak of the shared one.
    struct Told: Sendable {
        fileprivate var engines: [ListEngines.Row] = []
        fileprivate var own = ParticipantBook<Void>()
    }

    private struct State {
        var told = Told()
        var readAt: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let look: SharedLook<Told?>

    init(reader: RunReader) {
        look = SharedLook {
            do {
                let (engines, own) = try await reader.enginesAndOwnParticipants()
                return Told(engines: engines.filter(\.isAlive), own: ParticipantBook(own.lazy.map { ($0, ()) }))
            } catch {
                return nil  // the pool has logged why
            }
        }
    }

    /// What is not known is left out: nobody waits for this longer than a moment.
    var told: Told {
        get async {
            let known = state.withLock { state in
                state.readAt.flatMap { .now - $0 < .seconds(1) ? state.told : nil }
            }
            if let known { return known }
            guard let seen = await look.value(within: .seconds(1)), let told = seen else { return Told() }
            state.withLock { ($0.told, $0.readAt) = (told, .now) }
            return told
        }
    }
}

extension EngineReports.Told {
    /// What engines tell of the participant that a tenant's calls find by this name.
    func reports(of name: String, for tenantID: String) -> [JSON] {
        let participant = own.id(of: name, for: tenantID)
        return engines.compactMap { $0.told(of: participant) }
    }

    /// The same of one engine.
    func report(of name: String, for tenantID: String, by engine: EngineID?) -> JSON? {
        engines.first { $0.engineID == engine }?.told(of: own.id(of: name, for: tenantID))
    }
}
