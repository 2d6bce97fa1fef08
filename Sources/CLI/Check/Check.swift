import ArgumentParser
import Checker
import Core
import FoundationEssentials
import Postgres
import Storage

/// `saga check`: does everything in the database and the participants' ledgers obey the invariants?
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the invariants over the database and the participants' ledgers.",
        discussion: """
            Reads every run and GET /ledger of every participant, and names each violation by the number of its \
            invariant. A registered participant without a ledger is named and its effects are not judged. Runs that \
            retention has deleted are not missed. Writes nothing. Exit codes: 0 nothing is wrong, 1 a violation, too little seen, or something could \
            not be read, 64 wrong usage.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .customLong("ledger"),
        help: "NAME=URL of a participant with a ledger, repeatable (default: all registered participants).")
    var ledgers: [String] = []

    @Flag(help: "Read no ledgers: check the rows only.")
    var noLedgers = false

    @Option(help: "A file of acknowledged starts, one per line: RUNID, or RUNID and its idempotency key.")
    var acknowledged: String?

    @Flag(help: "Runs that are still at work are no violation.")
    var live = false

    @Option(
        name: .customLong("minimum"),
        help: """
            NAME=COUNT that must have been seen, repeatable: runs, completed, compensated, cancelled, takeovers, \
            compensations, retries.
            """)
    var minimums: [String] = []

    func validate() throws {
        if noLedgers && !ledgers.isEmpty { throw ValidationError("Give --ledger or --no-ledgers, not both.") }
        _ = try options()
        _ = try ledgers.map(pair)
    }

    func run() async throws {
        let configuration = try database.configuration()
        let report = try await Checker.check(
            database: configuration, ledgers: try await ledgerURLs(configuration), acknowledged: try acknowledgements(),
            options: try options())
        output.show(text: report.text, json: report.json)
        if !report.isPassed { throw ExitCode.failure }
    }

    private func ledgerURLs(_ configuration: ConnectionConfiguration) async throws -> [String: [String]] {
        if noLedgers { return [:] }
        if !ledgers.isEmpty {
            return Dictionary(try ledgers.map(pair).map { ($0, [$1]) }, uniquingKeysWith: +)
        }
        let pool = Pool(configuration, maximumSize: 1)
        let registered: Result<[StoredParticipant], any Error>
        do { registered = .success(try await pool.execute(FindParticipants())) } catch { registered = .failure(error) }
        await pool.close()
        // Whose participant a call has reached is in no history: all that have its name are asked.
        return Dictionary(try registered.get().map { ($0.name, [$0.url]) }, uniquingKeysWith: +)
    }

    private func acknowledgements() throws -> [Acknowledgement] {
        guard let acknowledged else { return [] }
        let text = try String(contentsOfFile: acknowledged, encoding: .utf8)
        return try text.split(whereSeparator: \.isNewline).enumerated().map { number, line in
            let words = line.split(separator: " ", maxSplits: 1)
            guard let first = words.first, let runID = RunID(String(first)) else {
                throw ValidationError("Line \(number + 1) of \(acknowledged) does not begin with a run id.")
            }
            return Acknowledgement(runID, idempotencyKey: words.count == 2 ? String(words[1]) : nil)
        }
    }

    private func options() throws -> Checker.Options {
        var options = Checker.Options()
        options.allowsLiveRuns = live
        options.requiresLedgers = !ledgers.isEmpty
        for minimum in minimums {
            let (name, text) = try pair(minimum)
            guard let count = Int(text), count >= 0, options.minimums.set(name, to: count) else {
                throw ValidationError("\(minimum) is no minimum: NAME=COUNT, see --help.")
            }
        }
        return options
    }

    private func pair(_ text: String) throws -> (String, String) {
        let sides = text.split(separator: "=", maxSplits: 1)
        guard sides.count == 2 else { throw ValidationError("\(text) must be NAME=VALUE.") }
        return (String(sides[0]), String(sides[1]))
    }
}
