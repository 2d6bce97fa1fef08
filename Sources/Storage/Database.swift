import Logging
package import Postgres

/// The pools of one process: writes and reads want different settings, and neither may starve the other.
package struct Database: Sendable {
    /// Where and how to connect, without the pools' own settings.
    package let configuration: ConnectionConfiguration
    /// For batches, claims and leases: plans are made once and always go through indexes.
    package let writes: Pool
    /// For what people look at: plans fit the values, and a transaction sees one moment.
    package let reads: Pool
    /// For what is looked up by its key: as `reads`, but plans are made once, and always go through indexes. To plan what shows a
    /// run takes ten times as long as to execute it.
    package let lookups: Pool

    /// - Parameters:
    ///   - configuration: from `DATABASE_URL`.
    ///   - writes: connections for the hot path.
    ///   - reads: connections for everything else.
    ///   - lookups: connections for what is looked up by its key.
    package init(_ configuration: ConnectionConfiguration, writes: Int, reads: Int, lookups: Int = 1) {
        self.configuration = configuration
        var hot = configuration
        // A generic plan made while the tables are empty would scan them for ever after, and one made when they are
        // full may walk a whole index to merge it with a batch. With those priced out there is one sensible plan for
        // each of these statements, nested loops through primary keys, and it is right from the first row on.
        let planned = [
            "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_mergejoin": "off",
            "enable_hashjoin": "off", "jit": "off",
        ]
        hot.settings.merge(planned) { $1 }
        // One row somebody else has locked must not hold up a batch for as long as its leases last.
        hot.lockTimeout = .milliseconds(500)
        // A batch takes milliseconds. A server that hangs, sockets open, is given up after seven seconds, and a client that
        // waits for its start learns it then.
        hot.statementTimeout = .seconds(5)
        hot.answerGrace = .seconds(2)
        var relaxed = configuration
        relaxed.settings.merge(
            [
                "plan_cache_mode": "force_custom_plan", "default_transaction_isolation": "repeatable read",
                "default_transaction_read_only": "on", "jit": "off",
            ]
        ) { $1 }
        relaxed.statementTimeout = .seconds(10)
        relaxed.answerGrace = .seconds(2)
        self.writes = Pool(hot, maximumSize: writes)
        self.reads = Pool(relaxed, maximumSize: reads)
        relaxed.settings.merge(planned) { $1 }
        self.lookups = Pool(relaxed, maximumSize: lookups)
    }

    /// Whether the database answers and has been migrated, for probes: however many there are, they take one connection.
    package func makeProbe() -> SharedLook<DatabaseState> {
        SharedLook { [reads] in
            do {
                return try await reads.execute(Ping(), deadline: .seconds(2)).first == true ? .ready : .noSchema
            } catch {
                return .noAnswer  // the pool has logged why
            }
        }
    }

    /// Ends all connections.
    package func close() async {
        await writes.close()
        await reads.close()
        await lookups.close()
    }

    /// Breaks everything off at once and for good; see `Pool.cut`.
    package func cut() {
        writes.cut()
        reads.cut()
        lookups.cut()
    }
}

/// Asks whether the database answers, and whether it has been migrated.
package struct Ping: Statement {
    /// Whether the tables are there, and what the repeatable migrations make.
    package typealias Row = Bool

    package init() {}

    // Something of each file: between the tables and their default partitions a start would fail.
    package static let sql = """
        SELECT to_regclass('outbox') IS NOT NULL AND to_regclass('run_partitions') IS NOT NULL
            AND to_regclass('step_attempts') IS NOT NULL
        """

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Whether there is a database to work with.
package enum DatabaseState: Sendable, Hashable {
    /// It answers and has been migrated.
    case ready
    /// It answers, and has no tables of ours, or not all that migrations make.
    case noSchema
    /// It did not answer in time.
    case noAnswer
}
