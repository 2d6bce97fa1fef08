import Core
import Logging
import Postgres
import Storage
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Engine

@Suite("Engines that are configured differently")
struct SettingsWatchTests {
    @Test(
        "a difference in what must agree is warned about once, counted, and told when it is gone",
        .timeLimit(.minutes(3)))
    func differs() async throws {
        try await Stage.with([]) { stage in
            let alike = ["--lease", "10000ms", "--participant-allow", "10.0.0.0/8, Payments.internal"]
            let flags = ["--retention", "2h", "--participant-allow", "payments.internal,10.0.0.0/8"]
            try await stage.withEngine(flags) { one in
                let lines = Lines()
                let disagreement = SettingsDisagreement()
                let watch = SettingsWatch(
                    pool: stage.test.database.reads, engine: one.id, own: one.configuration.agreed,
                    disagreement: disagreement,
                    logger: lines.logger)
                var told: [String: [EngineID]] = [:]
                await watch.look(&told)
                #expect(told.isEmpty, "alone")

                try await stage.withEngine(alike + ["--poll", "2s"]) { two in
                    try await Self.untilHeard(of: two, stage)
                    var told: [String: [EngineID]] = [:]
                    await watch.look(&told)
                    await watch.look(&told)
                    #expect(told == ["RETENTION": [two.id]])
                    #expect(disagreement.count == 1)
                    #expect(lines.all.count == 1)
                    let line = lines.all.first ?? ""
                    for word in ["warning", "RETENTION", "\(two.id)"] { #expect(line.contains(word), "\(line)") }
                    let rows = try await stage.test.database.reads.execute(ListEngines())
                    #expect(AgreedSettings.differences(among: rows).keys.sorted() == ["RETENTION"])
                }
                // Its row went with it.
                told = ["RETENTION": []]
                await watch.look(&told)
                #expect(told.isEmpty && disagreement.count == 0)
                #expect(lines.all.last?.contains("agree again") == true)
            }
        }
    }

    /// Heartbeats are written when an engine starts; nobody tells when.
    private static func untilHeard(of engine: Engine, _ stage: Stage) async throws {
        let reads = stage.test.database.reads
        while try await !reads.execute(ListEngines()).contains(where: { $0.engineID == engine.id }) {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// What was logged.
private final class Lines: Sendable {
    private let written = Mutex<[String]>([])

    var all: [String] { written.withLock { $0 } }

    var logger: Logger {
        let output = LogOutput(LogConfiguration(format: .json), service: "tests", isTerminal: false) { line in
            self.written.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        return Logger(label: "tests") { LineLogHandler(label: $0, level: .debug, output: output) }
    }
}
