// The one judge of what must never happen (docs/reliability.md): reads the rows of a database and the ledgers of the
// participants, and names every broken invariant. It trusts nothing it can see for itself: each run is judged by the module
// Audit, the tables by plain SQL (Rows/). What it reuses of the product is the reading of rows.
//
// Tests, the nemesis among them, and `saga check` all ask this and nothing else.

internal import Audit
package import Core
package import Postgres
internal import Storage

/// Checks invariants 1 to 15 and 17 to 25 over a database and the participants' ledgers.
package enum Checker {
    /// What may be assumed and what is demanded.
    package struct Options: Sendable {
        /// Runs that are not terminal are no violation: the system is still at work.
        package var allowsLiveRuns = false
        /// A participant without a ledger, or that does not tell it, is an error; otherwise the report names it, and judges
        /// no effects there.
        package var requiresLedgers = true
        /// What must have been seen, or the run proves nothing.
        package var minimums = Minimums()
        /// Runs whose history is checked at the same time; each needs a connection.
        package var parallelism = 4

        package init() {}
    }

    /// Reads everything and judges it.
    ///
    /// The ledgers are read first: every call in them then has its intent in the database. Effects are judged only for
    /// runs that were over before that, so the check may run while the system works. Times in ledgers are compared with
    /// times in the database: both must come from the same clock, that is, participants keep their databases on the
    /// same server.
    ///
    /// Runs that retention may have deleted are not missed: neither by ledgers, nor by keys and acknowledgements, which end
    /// at times of their own.
    ///
    /// - Parameters:
    ///   - database: where the runs are. Nothing is written.
    ///   - ledgers: base URLs of participants by name; several where tenants have their own of one name. Effects of steps whose participant is missing, or keeps no ledger,
    ///     are not judged.
    ///   - acknowledged: what clients were told, for invariants 1 and 15.
    /// - Throws: `CheckerError` when something can't be read; a violation is no error.
    package static func check(
        database: ConnectionConfiguration, ledgers: [String: [String]], acknowledged: [Acknowledgement] = [],
        options: Options = Options()
    ) async throws(CheckerError) -> Report {
        var calm = database
        calm.statementTimeout = .seconds(600)
        calm.settings["default_transaction_isolation"] = "repeatable read"
        calm.settings["default_transaction_read_only"] = "on"
        let pool = Pool(calm, maximumSize: max(options.parallelism, 1))
        let result: Result<Report, CheckerError>
        do throws(CheckerError) {
            result = .success(try await check(pool, ledgers, acknowledged, options))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        return try result.get()
    }

    private static func check(
        _ pool: Pool, _ ledgers: [String: [String]], _ acknowledged: [Acknowledgement], _ options: Options
    ) async throws(CheckerError) -> Report {
        // Whether the database is there at all shall be known soon; later statements are worth waiting for.
        let before = try await read(pool, DatabaseNow(), deadline: .seconds(3)).first ?? Instant(microseconds: 0)
        let kept = try await read(pool, KeptSince()).first ?? RunID(high: 0, low: 0)
        let entries = try await LedgerReader.read(ledgers, isRequired: options.requiresLedgers)
        var report = Report()
        report.note(entries)
        for fault in try await read(pool, OutboxFaults()) + (try await read(pool, KeyFaults())) { report.add(fault) }
        let known = try await checkRuns(
            RunCheck(
                ledgers: Set(ledgers.keys).subtracting(entries.without).subtracting(entries.unread.keys),
                ledgersReadAt: before, options: options),
            pool, entries, &report)
        report.add(OwnershipAudit.violations(report.restarts) { !known.contains($0) })
        for (runID, calls) in entries.byRun where !known.contains(runID) {
            guard runID >= kept else {
                report.counts.expiredEntries += calls.count
                continue
            }
            report.add(Violation(8, runID, "\(calls.count) ledger entries of a run that is not in the database"))
        }
        try await checkAcknowledged(acknowledged, known, since: kept, pool, &report)
        report.demand(options.minimums)
        return report
    }

    /// Pages through all runs; gives back which there are.
    private static func checkRuns(
        _ check: RunCheck, _ pool: Pool, _ entries: Ledgers, _ report: inout Report
    ) async throws(CheckerError) -> Set<RunID> {
        let reader = RunReader(pool: pool)
        let definitions = DefinitionStore(pool: pool)
        var known: Set<RunID> = []
        var query = RunQuery(scope: .all, limit: 500)
        while true {
            let page: [RunID]
            do throws(StoreError) { page = try await reader.list(query).map(\.runID) } catch {
                throw .database("\(error)")
            }
            known.formUnion(page)
            for outcome in await check.check(page, pool, definitions, entries) {
                report.merge(try outcome.get())
            }
            guard page.count == query.limit, let last = page.last else { return known }
            query.before = last
        }
    }

    /// Invariants 1 and 15: what was promised exists, and one key means one run.
    private static func checkAcknowledged(
        _ acknowledged: [Acknowledgement], _ known: Set<RunID>, since kept: RunID, _ pool: Pool,
        _ report: inout Report
    ) async throws(CheckerError) {
        var runs: [String: RunID] = [:]
        for (tenantID, key, runID) in try await read(pool, FindKeys()) where tenantID == "default" { runs[key] = runID }
        for promise in acknowledged {
            if !known.contains(promise.runID), promise.runID >= kept {
                report.add(Violation(1, promise.runID, "acknowledged, but there is no such run"))
            }
            guard let key = promise.idempotencyKey else { continue }
            if let other = runs[key], other != promise.runID {
                report.add(Violation(15, promise.runID, "its idempotency key started or returned \(other) as well"))
            }
            runs[key] = promise.runID
        }
        report.counts.acknowledged = acknowledged.count
    }

    static func read<S: Statement>(
        _ pool: Pool, _ statement: S, deadline: Duration = .seconds(30)
    ) async throws(CheckerError) -> [S.Row] {
        do throws(PostgresError) { return try await pool.execute(statement, deadline: deadline) } catch {
            throw .database("\(StoreError(error))")
        }
    }
}

/// What a client was told: this run is accepted.
package struct Acknowledgement: Sendable, Hashable {
    package let runID: RunID
    /// The key it was started with, if any.
    package let idempotencyKey: String?

    package init(_ runID: RunID, idempotencyKey: String? = nil) {
        self.runID = runID
        self.idempotencyKey = idempotencyKey
    }
}

/// The check itself could not be done.
package enum CheckerError: Error, Sendable, CustomStringConvertible {
    case database(String)
    case ledger(participant: String, String)

    /// Without whose it is.
    var reason: String {
        switch self {
        case .database(let reason), .ledger(_, let reason): reason
        }
    }

    package var description: String {
        switch self {
        case .database(let reason): "the check could not be done: \(reason)"
        case .ledger(let participant, let reason): "the ledger of \(participant) can't be read: \(reason)"
        }
    }
}
