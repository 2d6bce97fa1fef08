import Core
import Logging
import NIOCore
import Participants
import Postgres
import ServiceLifecycle
import Storage
import Synchronization

/// The participants, as the table had them a second ago. A database that is away changes nothing.
///
/// Which one a call goes to is asked for each call: that of its run's tenant if it has one of the name, else the shared one.
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
    private let known = Mutex(ParticipantBook<RegisteredParticipant>())
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

    /// The participant that a run's calls find by this name; nil if none is registered.
    func participant(_ name: String, of run: Run) -> RegisteredParticipant? {
        known.withLock { $0.found(name, by: run.tenantID) }
    }

    private var gates: [BreakerGate] { known.withLock { $0.all.compactMap(\.value.breaker) } }

    /// All breakers as they stand.
    var breakers: [BreakerReading] {
        gates
            .map { BreakerReading(participant: $0.participant, state: $0.state, openedCount: $0.openedCount) }
            .sorted { $0.participant < $1.participant }
    }

    /// What there is to tell of participants in a heartbeat; see `ParticipantReport`.
    var report: (shared: JSON, own: JSON) {
        var readings: [ParticipantID: BreakerGate.Reading] = [:]
        for gate in gates { readings[gate.participant] = gate.reading }
        return ParticipantReport.json(
            readings, queued: limiter.queued, paused: paused, held: held.counts, lacks: lacks)
    }

    /// What there is to tell of calls in a heartbeat; see `TrafficReport`. What was counted fades with each time it is asked.
    ///
    /// - Parameter interval: from one heartbeat to the next.
    func traffic(every interval: Duration) -> (shared: JSON, own: JSON) {
        var readings: [ParticipantID: CallMeter.Reading] = [:]
        for (id, participant) in known.withLock({ $0.all }) { readings[id] = participant.meter.read(every: interval) }
        return TrafficReport.json(readings)
    }

    /// Why participants can't be called from here, or have no access token.
    private var lacks: [ParticipantID: String] {
        var lacks: [ParticipantID: String] = [:]
        for (id, participant) in known.withLock({ $0.all }) {
            let credentials = participant.credentials
            lacks[id] = credentials.lack.map { "\($0)." } ?? credentials.tokens?.failure
        }
        return lacks
    }

    /// The participants that are paused.
    private var paused: Set<ParticipantID> {
        known.withLock { known in Set(known.all.lazy.filter { $0.value.pause.isOn }.map(\.id)) }
    }

    /// Makes sure that a participant registered a moment ago is known: reads the table if this one is not, but not
    /// again within a tenth of a second. To be asked before a call, which would end `notSent` otherwise.
    func lookFor(_ name: String, of run: Run) async {
        if participant(name, of: run) != nil { return }
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
                logger.error("a registered participant has an unusable URL", metadata: row.id.metadata)
            }
        }
        let (lately, secrets) = (known.withLock { $0 }, maker.secrets.known)
        // Not under the lock: what is made of files may take its time, and calls ask for participants meanwhile.
        let trusted = rows.map { row, baseURL in
            (row, baseURL, self.credentials(of: row, secrets, before: lately[row.id]?.credentials))
        }
        let (before, after) = known.withLock { known in
            let before = known
            known = ParticipantBook(
                trusted.map { row, baseURL, credentials in
                    (row.id, registered(row, at: baseURL, credentials, before: before[row.id]))
                })
            return (before, known)
        }
        for (id, old) in before.all {
            let new = after[id]
            if old.breaker !== new?.breaker { old.breaker?.reset() }
            if old.maxConcurrent != new?.maxConcurrent || old.rate != new?.rate {
                limiter.change(id, isLimited: new?.isLimited ?? false)
            }
        }
        let hidden = after.all.lazy.filter { $0.id.owner != .shared && before[$0.id] == nil }.map(\.id.name)
        held.look(paused: paused, hidden: Set(hidden))
    }

    private func credentials(
        of row: StoredParticipant, _ secrets: Secrets.Known, before: Credentials?
    ) -> Credentials {
        let made = maker.credentials(of: row, secrets: secrets, before: before)
        if let lack = made.lack, lack != before?.lack {
            logger.error("a participant can't be called", metadata: row.id.metadata.merging(["why": "\(lack)"]) { $1 })
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
                    policy, participant: row.id, openedCount: before?.breaker?.openedCount ?? 0,
                    eventLoops: eventLoops, logger: logger)
            }
        }
        let pause = before?.pause ?? PauseSwitch(false)
        let isPaused = row.pause != nil
        if pause.isOn != isPaused {
            pause.isOn = isPaused
            logger.notice(
                isPaused ? "a participant is paused: no calls until it is resumed" : "a participant is resumed",
                metadata: row.id.metadata)
        }
        return RegisteredParticipant(
            id: row.id, baseURL: baseURL, maxConcurrent: row.maxConcurrent, rate: row.rate, credentials: credentials,
            breaker: breaker, pause: pause, meter: before?.meter ?? CallMeter(), updatedAt: row.updatedAt)
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
