import Core
import Postgres
import Storage
import Synchronization

/// Keys as they were a moment ago: what is revoked anywhere is refused everywhere within a second.
///
/// Only keys that there are are kept, so made-up ones fill nothing.
final class KeyRing: Sendable {
    private struct Known {
        let key: StoredAPIKey
        /// Nil where it was given something that this release does not know: then it may do nothing.
        let principal: Principal?
        let readAt: ContinuousClock.Instant
        var isBeingRead = false
        /// When its use was last written down.
        var touchedAt: ContinuousClock.Instant?
    }

    /// A key that is being read; whoever needs it meanwhile waits for the same.
    private struct Look {
        let task: Task<Known?, any Error>
        let isStranger: Bool
    }

    /// Nothing older is believed.
    private static let oldest: Duration = .seconds(1)
    /// From this age on it is read anew, by one reader; the others need not wait for it.
    private static let stale: Duration = .milliseconds(800)
    private static let capacity = 10_000

    /// So many ids that are not known here are looked for at once: made-up ones keep nobody from the database.
    private static let mostStrangers = 4

    private let reads: Pool
    private let writes: Pool
    private let known = Mutex<[String: Known]>([:])
    private let looks = Mutex<[String: Look]>([:])

    init(database: Database) {
        reads = database.lookups
        writes = database.writes
    }

    /// Whose key this is; nil when there is no such key, or it counts no more.
    ///
    /// - Throws: `overloaded` when too many that are not known are looked for; and when the database can't be asked: nobody is let in by
    ///   what was true before.
    func principal(of key: APIKey) async throws -> Principal? {
        switch try await judge(key) {
        case .principal(let principal): principal
        case .refused, .unknown: nil
        }
    }

    /// What there is to say of a key.
    enum Finding {
        case principal(Principal)
        /// There is a key of that id, which histories would call by this name, and of these tenants.
        case refused(name: String, TenantScope, RefusalReason)
        /// There is no such key.
        case unknown
    }

    /// The same, with the reason. Whoever has another secret is told nothing of the key's state.
    func judge(_ key: APIKey) async throws -> Finding {
        guard let known = try await find(key.id) else { return .unknown }
        func refused(_ refusal: RefusalReason) -> Finding {
            .refused(name: Self.name(of: known.key), known.key.tenants, refusal)
        }
        guard key.fits(known.key.digest) else { return refused(.wrongSecret) }
        guard known.key.isValid else { return refused(known.key.revokedAt == nil ? .expired : .revoked) }
        touch(known)
        return known.principal.map { .principal($0) } ?? refused(.unknownRole)
    }

    private func find(_ keyID: String) async throws -> Known? {
        let now = ContinuousClock.now
        let fresh = known.withLock { known -> Known? in
            guard let key = known[keyID] else { return nil }
            let age = now - key.readAt
            if age < Self.stale || (age < Self.oldest && key.isBeingRead) { return key }
            known[keyID]?.isBeingRead = true
            return nil
        }
        if let fresh { return fresh }
        return try await look(for: keyID)
    }

    private func look(for keyID: String) async throws -> Known? {
        let isStranger = known.withLock { $0[keyID] == nil }
        let task = looks.withLock { looks -> Task<Known?, any Error>? in
            if let look = looks[keyID] { return look.task }
            if isStranger, looks.values.count(where: \.isStranger) >= Self.mostStrangers { return nil }
            let task = Task { [self] in
                defer { self.looks.withLock { $0[keyID] = nil } }
                return try await read(keyID, .now)
            }
            looks[keyID] = Look(task: task, isStranger: isStranger)
            return task
        }
        guard let task else {
            throw Problem(.overloaded, "Too many keys that are not known are looked for. Try again later.")
        }
        return try await task.value
    }

    private func read(_ keyID: String, _ now: ContinuousClock.Instant) async throws -> Known? {
        guard let key = try await reads.execute(FindAPIKey(keyID: keyID)).first else {
            known.withLock { $0[keyID] = nil }
            return nil
        }
        let principal = Role.permissions(of: key.roles).map {
            Principal(
                name: Self.name(of: key), permissions: $0,
                scope: RunScope(tenants: key.tenants, workflows: key.workflows))
        }
        return known.withLock { known in
            let read = Known(key: key, principal: principal, readAt: now, touchedAt: known[keyID]?.touchedAt)
            if known.count >= Self.capacity, known[keyID] == nil { known.removeAll() }
            known[keyID] = read
            return read
        }
    }

    /// What histories call whoever uses it: names may be had by several, one after the other.
    static func name(of key: StoredAPIKey) -> String { "key:\(key.name)/\(key.keyID.prefix(8))" }

    /// Once a minute it is written down that a key is used; nobody waits for that.
    private func touch(_ used: Known) {
        let now = ContinuousClock.now
        let isDue = known.withLock { known in
            guard let key = known[used.key.keyID], key.touchedAt.map({ now - $0 > .seconds(60) }) ?? true else {
                return false
            }
            known[used.key.keyID]?.touchedAt = now
            return true
        }
        guard isDue else { return }
        Task { [writes] in _ = try? await writes.execute(TouchAPIKey(keyID: used.key.keyID)) }
    }
}
