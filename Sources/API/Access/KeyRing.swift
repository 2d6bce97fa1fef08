import Core
import Postgres
import Storage
import Synchronization

/// Keys as they were a moment ago: what is revoked anywhere is refused everywhere within a second.
///
/// Only keys that there are are kept, so made-up ones fill nothing.
final class KeyRing: Sendable {
    private final class Known: Sendable {
        let key: StoredAPIKey
        /// Nil where it was given something that this release does not know: then it may do nothing.
        let principal: Principal?
        /// What its calls count under.
        let bucket: String
        let readAt: ContinuousClock.Instant
        let isBeingRead = Atomic<Bool>(false)
        /// When its use was last written down.
        let touchedAt: Mutex<ContinuousClock.Instant?>

        init(
            _ key: StoredAPIKey, _ principal: Principal?, readAt: ContinuousClock.Instant,
            touchedAt: ContinuousClock.Instant?
        ) {
            self.key = key
            self.principal = principal
            bucket = "key:\(key.keyID)"
            self.readAt = readAt
            self.touchedAt = Mutex(touchedAt)
        }
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

    /// What there is to say of a key.
    enum Finding {
        /// It counts, and its calls do under this name.
        case principal(Principal, bucket: String)
        /// There is a key of that id, which histories would call by this name, and of these tenants.
        case refused(name: String, TenantScope, RefusalReason)
        /// There is no such key.
        case unknown
    }

    /// Whose key this is. Whoever has another secret is told nothing of the key's state.
    ///
    /// - Throws: `overloaded` when too many that are not known are looked for; and when the database can't be asked: nobody is let in by
    ///   what was true before.
    func judge(_ key: APIKey) async throws -> Finding {
        guard let known = try await find(key.id) else { return .unknown }
        func refused(_ refusal: RefusalReason) -> Finding {
            .refused(name: Self.name(of: known.key), known.key.tenants, refusal)
        }
        guard key.fits(known.key.digest) else { return refused(.wrongSecret) }
        guard known.key.isValid else { return refused(known.key.revokedAt == nil ? .expired : .revoked) }
        touch(known)
        return known.principal.map { .principal($0, bucket: known.bucket) } ?? refused(.unknownRole)
    }

    private func find(_ keyID: String) async throws -> Known? {
        let now = ContinuousClock.now
        if let key = known.withLock({ $0[keyID] }) {
            let age = now - key.readAt
            if age < Self.stale { return key }
            let isBeingRead = key.isBeingRead.exchange(true, ordering: .relaxed)
            if age < Self.oldest, isBeingRead { return key }
        }
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
                scope: RunScope(tenants: key.tenants, workflows: key.workflows)
            ) { [weak self] in
                guard let self else { return true }
                // While nobody can be asked nothing can be read or written either.
                do { return try await find(keyID)?.key.isValid ?? false } catch { return true }
            }
        }
        return known.withLock { known in
            let read = Known(key, principal, readAt: now, touchedAt: known[keyID]?.touchedAt.withLock { $0 })
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
        let isDue = used.touchedAt.withLock { touchedAt in
            if let touchedAt, now - touchedAt <= .seconds(60) { return false }
            touchedAt = now
            return true
        }
        guard isDue else { return }
        Task { [writes] in _ = try? await writes.execute(TouchAPIKey(keyID: used.key.keyID)) }
    }
}
