import Core
import Logging
import NIOCore
import Participants
import Postgres
import ServiceLifecycle
import Storage
import Synchronization

/// A registered participant, ready to be called.
struct RegisteredParticipant: Sendable {
    /// Where it is.
    let baseURL: BaseURL
    /// Whether it has limits that hold over all engines: a `maxConcurrent` or a `rate`.
    var isLimited: Bool { maxConcurrent != nil || rate != nil }
    /// Calls in flight to it from all engines at the most; nil for no limit.
    fileprivate let maxConcurrent: Int?
    /// How calls from all engines may begin; nil for no limit.
    fileprivate let rate: CallRate?
    /// What its calls carry, secrets included.
    let credentials: Credentials
    /// Stands before its calls; nil when it is switched off.
    let breaker: BreakerGate?
    /// On while somebody has paused it: no call is sent.
    let pause: PauseSwitch
    /// When it was registered last.
    fileprivate let updatedAt: Instant
}

/// The breaker of a participant as metrics show it.
struct BreakerReading: Sendable, Hashable {
    let participant: String
    let state: BreakerState
    /// How often it has opened in this process.
    let openedCount: Int
}

/// The participants by name, as the table had them a second ago. A database that is away changes nothing.
final class ParticipantRegistry: Service {
    /// Keeps calls within this engine's shares of limits.
    let limiter: CallLimiter
    /// Rings when those shares may be too small.
    let limitBell = WakeUp()
    /// Holds calls to participants that are paused.
    let held: PausedCalls
    private let pool: Pool
    private let maker: CredentialMaker
    private let eventLoops: any EventLoopGroup
    private let logger: Logger
    private let interval: Duration
    private let known = Mutex<[String: RegisteredParticipant]>([:])
    /// When `lookFor` last read the table.
    private let reading = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - maxHeld: calls that are held at the most because their participants are paused.
    ///   - maker: of what calls carry.
    ///   - eventLoops: for the timers of calls that wait for a breaker.
    init(
        pool: Pool, interval: Duration = .seconds(1), maxHeld: Int, maker: CredentialMaker,
        eventLoops: any EventLoopGroup, logger: Logger
    ) {
        held = PausedCalls(capacity: maxHeld)
        limiter = CallLimiter(
            later: { wait, action in _ = eventLoops.next().scheduleTask(in: TimeAmount(wait), action) },
            onWaiting: { [limitBell] in limitBell.ring() })
        self.pool = pool
        self.maker = maker
        self.eventLoops = eventLoops
        self.interval = interval
        self.logger = logger
    }

    /// The participant, or nil if none of that name is registered.
    func participant(_ name: String) -> RegisteredParticipant? { known.withLock { $0[name] } }

    /// All breakers as they stand, by name.
    var breakers: [BreakerReading] {
        known.withLock { Array($0.values.compactMap(\.breaker)) }
            .map { BreakerReading(participant: $0.participant, state: $0.state, openedCount: $0.openedCount) }
            .sorted { $0.participant < $1.participant }
    }

    /// What there is to tell of participants in a heartbeat; see `ParticipantReport`.
    var report: JSON {
        var readings: [String: BreakerGate.Reading] = [:]
        for gate in known.withLock({ Array($0.values.compactMap(\.breaker)) }) {
            readings[gate.participant] = gate.reading
        }
        return ParticipantReport.json(
            readings, queued: limiter.queued, paused: paused, held: held.counts, lacks: lacks)
    }

    /// Why participants can't be called from here, or have no access token, by their names.
    private var lacks: [String: String] {
        known.withLock { known in
            known.compactMapValues { $0.credentials.lack.map { "\($0)." } ?? $0.credentials.tokens?.failure }
        }
    }

    /// The participants that are paused.
    private var paused: Set<String> {
        known.withLock { known in Set(known.lazy.filter { $0.value.pause.isOn }.map(\.key)) }
    }

    /// Makes sure that a participant registered a moment ago is known: reads the table if this one is not, but not
    /// again within a tenth of a second. To be asked before a call, which would end `notSent` otherwise.
    func lookFor(_ name: String) async {
        if participant(name) != nil { return }
        let mustRead = reading.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last < .milliseconds(100) { return false }
            last = now
            return true
        }
        guard mustRead else { return }
        do { try await refresh() } catch {
            logger.warning("participants can't be read", metadata: ["error": "\(error)"])
        }
    }

    /// Reads the table once.
    func refresh() async throws(PostgresError) {
        var rows: [(StoredParticipant, BaseURL)] = []
        for row in try await pool.execute(FindParticipants()) {
            do { rows.append((row, try BaseURL(parsing: row.url))) } catch {
                logger.error(
                    "a registered participant has an unusable URL", metadata: ["participant": "\(row.name)"])
            }
        }
        let (lately, secrets) = (known.withLock { $0 }, maker.secrets.known)
        // Not under the lock: what is made of files may take its time, and calls ask for participants meanwhile.
        let trusted = rows.map { row, baseURL in
            (row, baseURL, self.credentials(of: row, secrets, before: lately[row.name]?.credentials))
        }
        let (before, after) = known.withLock { known in
            let before = known
            let fresh = trusted.map { row, baseURL, credentials in
                (row.name, registered(row, at: baseURL, credentials, before: before[row.name]))
            }
            known = Dictionary(fresh) { $1 }
            return (before, known)
        }
        for (name, old) in before {
            let new = after[name]
            if old.breaker !== new?.breaker { old.breaker?.reset() }
            if old.maxConcurrent != new?.maxConcurrent || old.rate != new?.rate {
                limiter.change(name, isLimited: new?.isLimited ?? false)
            }
        }
        held.look(paused: paused)
    }

    private func credentials(
        of row: StoredParticipant, _ secrets: Secrets.Known, before: Credentials?
    ) -> Credentials {
        let made = maker.credentials(of: row, secrets: secrets, before: before)
        if let lack = made.lack, lack != before?.lack {
            logger.error("a participant can't be called", metadata: ["participant": "\(row.name)", "why": "\(lack)"])
        }
        return made
    }

    /// Its breaker stays the same one as long as nobody registers the participant anew.
    private func registered(
        _ row: StoredParticipant, at baseURL: BaseURL, _ credentials: Credentials,
        before: RegisteredParticipant?
    ) -> RegisteredParticipant {
        var breaker = before?.breaker
        if before?.updatedAt != row.updatedAt || before?.baseURL != baseURL || breaker?.policy != row.breaker {
            breaker = row.breaker.map { policy in
                BreakerGate(
                    policy, participant: row.name, openedCount: before?.breaker?.openedCount ?? 0,
                    eventLoops: eventLoops, logger: logger)
            }
        }
        let pause = before?.pause ?? PauseSwitch(false)
        let isPaused = row.pause != nil
        if pause.isOn != isPaused {
            pause.isOn = isPaused
            logger.notice(
                isPaused ? "a participant is paused: no calls until it is resumed" : "a participant is resumed",
                metadata: ["participant": "\(row.name)"])
        }
        return RegisteredParticipant(
            baseURL: baseURL, maxConcurrent: row.maxConcurrent, rate: row.rate, credentials: credentials,
            breaker: breaker,
            pause: pause,
            updatedAt: row.updatedAt)
    }

    /// Reads the table again and again.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while await pause(for: self.interval) {
                do { try await self.refresh() } catch {
                    self.logger.warning("participants can't be read", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
