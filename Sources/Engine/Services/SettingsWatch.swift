import Core
import Logging
import Postgres
import ServiceLifecycle
import Storage
import Synchronization

/// In how many settings this engine differs from another that lives; for metrics.
final class SettingsDisagreement: Sendable {
    private let known = Atomic<Int>(0)

    /// Since the last look.
    var count: Int {
        get { known.load(ordering: .relaxed) }
        set { known.store(newValue, ordering: .relaxed) }
    }
}

/// Compares this engine's settings with those that others publish, and warns when they differ: once for each
/// difference, and once more when it is gone.
struct SettingsWatch: Service {
    let pool: Pool
    let engine: EngineID
    let own: AgreedSettings
    let disagreement: SettingsDisagreement
    let logger: Logger

    /// Differences come and go with deployments.
    private static let interval = Duration.seconds(10)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var told: [String: [EngineID]] = [:]
            while await pause(for: Self.interval) { await look(&told) }
        }
    }

    /// - Parameter told: the differences that have been told of, with the engines that have the setting otherwise.
    func look(_ told: inout [String: [EngineID]]) async {
        let engines: [ListEngines.Row]
        do { engines = try await pool.execute(ListEngines()) } catch {
            logger.debug("other engines' settings are not known now", metadata: ["error": "\(error)"])
            return
        }
        var found: [String: [EngineID]] = [:]
        for row in engines where row.isAlive && row.engineID != engine {
            guard let settings = AgreedSettings(report: row.report) else { continue }
            for name in own.differences(from: settings) { found[name, default: []].append(row.engineID) }
        }
        disagreement.count = found.count
        for (name, others) in found where told[name] == nil {
            logger.warning(
                "another engine has a setting otherwise, and all must have the same",
                metadata: ["setting": "\(name)", "others": .array(others.map { "\($0)" })])
        }
        for name in told.keys where found[name] == nil {
            logger.notice("the engines agree again on a setting", metadata: ["setting": "\(name)"])
        }
        told = found
    }
}
