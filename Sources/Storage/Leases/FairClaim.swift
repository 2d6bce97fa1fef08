// While engines can't keep up, what they claim is divided: among tenants by their weights, and within one by priority and age.
// See `FairShares` in the engine, which says how much of each lane.

package import Core
package import Postgres

/// A lane in which something is due.
package struct DueLane: Sendable, Hashable {
    package let lane: Lane
    /// Since when its oldest run has been due.
    package let since: Instant
    /// Its tenant's weight.
    package let weight: Int

    package init(lane: Lane, since: Instant, weight: Int) {
        self.lane = lane
        self.since = since
        self.weight = weight
    }
}

/// The lanes in which something is due: a look at one place of an index for each lane that has live runs.
package struct FindDueLanes: Statement {
    package typealias Row = DueLane

    package init() {}

    // Suspects are claimed alone, whatever their lane.
    package static let sql = """
        WITH RECURSIVE head AS (
            (SELECT lane, available_at FROM outbox WHERE lane IS NOT NULL AND failures < \(Suspicion.begins)
            ORDER BY lane, available_at LIMIT 1)
            UNION ALL
            SELECT next.lane, next.available_at FROM head, LATERAL (
                SELECT lane, available_at FROM outbox WHERE lane > head.lane AND failures < \(Suspicion.begins)
                ORDER BY lane, available_at LIMIT 1
            ) next
        )
        SELECT h.lane, h.available_at, COALESCE(t.weight, \(StoredTenant.usualWeight))
        FROM head h LEFT JOIN tenants t ON t.tenant_number = h.lane / \(Lane.perTenant) AND h.available_at <= now()
        WHERE h.available_at <= now() ORDER BY h.lane
        """

    package func bind(_ parameters: inout Parameters) {}

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> DueLane {
        DueLane(
            lane: Lane(stored: try row.int32()), since: try row.instant(), weight: Int(try row.int32()))
    }
}

/// How many runs of a lane are claimed.
package struct LaneShare: Sendable, Hashable {
    package let lane: Lane
    /// Nothing that was due before is looked at; see `ClaimWindow`.
    package let since: Instant
    /// How many of the lane's tenant at the most: lanes of a tenant have the same, and the higher priorities have it first.
    package let quota: Int

    package init(lane: Lane, since: Instant, quota: Int) {
        self.lane = lane
        self.since = since
        self.quota = quota
    }
}

/// Claims due runs as `ClaimRuns` does, of each tenant so many.
package struct ClaimShares: Statement {
    private let claim: ClaimRuns
    package let shares: [LaneShare]

    /// The run, and its lane.
    package typealias Row = (run: ClaimedRun, lane: Lane)

    package init(engine: EngineID, shares: [LaneShare], limit: Int, lease: Duration, room: Int) {
        claim = ClaimRuns(engine: engine, limit: limit, lease: lease, room: room)
        self.shares = shares
    }

    // Lane and time are compared together, so that the index by both is the only one that fits: with the one by time alone, whoever has
    // nothing due would cost a look at all that is due of others.
    //
    // Of each lane as many are locked as its tenant may have; what then goes to its higher priorities is free again when the
    // statement ends, as is what goes beyond the room.
    package static let sql: String = ClaimRuns.statement(
        due: """
            SELECT tid, run_id, available_at, lease_owner, epoch, inbox_count, failures, last_seq, weight, lane FROM (
                SELECT d.*, share.lane, share.quota, row_number() OVER (
                    PARTITION BY share.lane / \(Lane.perTenant) ORDER BY share.lane, d.available_at
                ) AS place
                FROM unnest($6::int4[], $7::int8[], $8::int4[]) AS share (lane, since, quota), LATERAL (
                    SELECT ctid AS tid, run_id, available_at, lease_owner, epoch, inbox_count, failures, last_seq, weight
                    FROM outbox
                    WHERE lane IS NOT NULL AND failures < \(Suspicion.begins)
                        AND (lane, available_at) >= (share.lane, greatest($4, timestamptz 'epoch' + share.since * interval '1 microsecond'))
                        AND (lane, available_at) <= (share.lane, now())
                    ORDER BY lane, available_at LIMIT share.quota FOR UPDATE SKIP LOCKED
                ) d
            ) shared WHERE place <= quota ORDER BY place LIMIT $2
            """, also: "lane")

    package func bind(_ parameters: inout Parameters) {
        claim.bind(&parameters)
        parameters.column(WireInt32.self, of: shares) { $0.lane.stored }
        parameters.column(WireInt64.self, of: shares) { $0.since.microseconds }
        parameters.column(WireInt32.self, of: shares) { Int32(clamping: $0.quota) }
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (try ClaimRuns.decode(&row), Lane(stored: try row.int32()))
    }
}

/// Claims due runs by age, as `ClaimRuns` does, and tells their lanes.
package struct ClaimOldest: Statement {
    private let claim: ClaimRuns

    /// The run, and its lane; nil for one that was started before there were any.
    package typealias Row = (run: ClaimedRun, lane: Lane?)

    package init(engine: EngineID, limit: Int, lease: Duration, since: Instant, room: Int) {
        claim = ClaimRuns(engine: engine, limit: limit, lease: lease, since: since, room: room)
    }

    package static let sql: String = ClaimRuns.statement(
        due: """
            SELECT ctid AS tid, run_id, available_at, lease_owner, epoch, inbox_count, failures, last_seq, weight, lane
            FROM outbox
            WHERE available_at >= $4 AND available_at <= now() AND failures < \(Suspicion.begins)
            ORDER BY available_at LIMIT $2 FOR UPDATE SKIP LOCKED
            """, also: "lane")

    package func bind(_ parameters: inout Parameters) { claim.bind(&parameters) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        (try ClaimRuns.decode(&row), try row.int32OrNil().map { Lane(stored: $0) })
    }
}
