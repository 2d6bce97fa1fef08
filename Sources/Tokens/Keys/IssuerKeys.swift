internal import Logging
internal import Synchronization

/// The keys of one issuer, as they were a moment ago. One fetch at a time, whoever waits.
final class IssuerKeys: Sendable {
    typealias Fetch = @Sendable () async throws(KeyFault) -> KeySet

    private struct Held {
        var state = KeyState()
        var task: Task<Void, Never>?
        var counts = (succeeded: 0, failed: 0)
    }

    private let name: String
    private let fetch: Fetch
    private let logger: Logger
    private let held = Mutex(Held())

    /// - Parameter fetch: bounded in time.
    init(of name: String, logger: Logger, fetch: @escaping Fetch) {
        self.name = name
        self.logger = logger
        self.fetch = fetch
    }

    /// How often the issuer was asked, by what came of it.
    var counts: (succeeded: Int, failed: Int) { held.withLock { $0.counts } }

    /// Those that a token may be signed with.
    ///
    /// - Throws: `.unknownKey`, `.algorithm`; `.unavailable` when nobody can know.
    func verifiers(_ keyID: String?, _ algorithm: SignatureAlgorithm) async throws(TokenRefusal) -> [KeyVerifier] {
        if let found = try Self.found(try await current().match(keyID, algorithm)) { return found }
        switch held.withLock({ $0.state.adviceForUnknown(.now) }) {
        case .use, .useAndFetch, .absent: throw .unknownKey
        case .unavailable: throw .unavailable
        case .wait: await fetched()
        }
        let (keys, hasFailed) = held.withLock { ($0.state.usable(.now), $0.state.hasFailed) }
        guard let keys else { throw .unavailable }
        if let found = try Self.found(keys.match(keyID, algorithm)) { return found }
        throw hasFailed ? .unavailable : .unknownKey
    }

    private static func found(_ match: KeySet.Match) throws(TokenRefusal) -> [KeyVerifier]? {
        switch match {
        case .verifiers(let verifiers): verifiers
        case .unfit: throw .algorithm
        case .unknown: nil
        }
    }

    private func current() async throws(TokenRefusal) -> KeySet {
        switch held.withLock({ $0.state.advice(.now) }) {
        case .use(let keys): return keys
        case .useAndFetch(let keys):
            _ = begun()
            return keys
        case .unavailable, .absent: throw .unavailable
        case .wait: await fetched()
        }
        guard let keys = held.withLock({ $0.state.usable(.now) }) else { throw .unavailable }
        return keys
    }

    /// Waits for the fetch that is on its way, or for a new one.
    private func fetched() async { await begun().value }

    private func begun() -> Task<Void, Never> {
        held.withLock { held in
            if let task = held.task { return task }
            held.state.begin()
            let task = Task { [self] in await run() }
            held.task = task
            return task
        }
    }

    private func run() async {
        do throws(KeyFault) {
            let keys = try await fetch()
            let wasAway = held.withLock { held in
                let wasAway = held.state.hasFailed
                held.state.succeed(keys, .now)
                held.task = nil
                held.counts.succeeded += 1
                return wasAway
            }
            if wasAway { logger.notice("the keys of an issuer are there again", metadata: ["issuer": "\(name)"]) }
        } catch {
            held.withLock { held in
                held.state.fail(.now)
                held.task = nil
                held.counts.failed += 1
            }
            logger.warning(
                "the keys of an issuer can't be had", metadata: ["issuer": "\(name)", "error": "\(error.reason)"])
        }
    }
}
