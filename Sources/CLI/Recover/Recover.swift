import ArgumentParser
import Core
import Postgres
import Storage

/// `saga recover`: runs that nobody moves, why, and with `--free` away from whoever holds them.
struct Recover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists runs that nobody moves, says why, and frees them.",
        discussion: """
            Lists FAILED runs, too, which wait for a person. Looks only, unless --free is given. Freeing takes a run from \
            its holder: whatever that still commits is refused, and the next engine repeats a call in flight under its \
            idempotency key. Runs that wait as they should are never touched. Exit codes: 0 nothing is stuck (any more), \
            1 the database can't be read, 2 runs are stuck, 3 none is, but FAILED ones need a person, 64 wrong usage.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Option(
        help: "How long nothing must have happened in a live run, as in 30s (default: 2m).", transform: Durations.read)
    var timeout = Duration.seconds(120)

    @Flag(help: "Free what can be freed.")
    var free = false

    @Flag(help: "Show runs that wait as they should, too.")
    var all = false

    @Option(help: "How many runs to look at, at most.")
    var limit = 1000

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit lies within 1...100000.") }
    }

    func run() async throws {
        let database = Database(try database.configuration(), writes: 1, reads: 1)
        let outcome: Result<RecoveryReport, any Error>
        do { outcome = .success(try await look(Recovery(database: database))) } catch { outcome = .failure(error) }
        await database.close()
        let report = try outcome.get()
        output.show(text: report.text(Paint(isOn: Console.isColoured)), json: report.json)
        if report.isAnythingStuck { throw ExitCode.unwell }
        if !report.forsaken.isEmpty { throw ExitCode(3) }
    }

    private func look(_ recovery: Recovery) async throws -> RecoveryReport {
        let findings = try await recovery.quietRuns(for: timeout, limit: limit)
        let forsaken = try await recovery.forsakenRuns(for: .zero, limit: limit)
        let freed = free ? try await recovery.free(findings) : []
        return RecoveryReport(
            quietFor: timeout, findings: findings.filter { all || !$0.reason.isLegitimate }, forsaken: forsaken,
            freed: freed, clocks: try await recovery.wrongClocks(), mayFree: free,
            isCut: max(findings.count, forsaken.count) == limit)
    }
}
