package import Core
package import Postgres

/// Verifies the audit trail: every chain, from its anchor to its head, with hashes that are computed here and not in SQL.
///
/// It reads page by page and keeps nothing of a page but its last hash. Rows that are written meanwhile are not looked at; what
/// retention removes meanwhile is not missed.
package struct AuditVerifier: Sendable {
    private let pool: Pool
    private let pageSize: Int

    /// What was found.
    package struct Report: Sendable {
        /// The heads up to which the chains were verified, by tenant.
        package var heads: [AuditHead] = []
        /// Rows whose hashes were computed.
        package var rowCount = 0
        /// The first of them, by tenant and number.
        package var flaws: [AuditFlaw] = []
        package var flawCount = 0

        /// So many are kept.
        package static let mostFlaws = 1000

        mutating func add(_ found: [AuditFlaw]) {
            flawCount += found.count
            flaws += found.prefix(max(0, Self.mostFlaws - flaws.count))
        }
    }

    /// - Parameter pool: any that may read.
    package init(pool: Pool, pageSize: Int = 1000) {
        self.pool = pool
        self.pageSize = pageSize
    }

    /// The heads as they stand: what to note elsewhere.
    package func heads() async throws(PostgresError) -> [AuditHead] { try await standing().map(\.head) }

    /// - Parameter expected: heads that were noted elsewhere.
    package func verify(expected: [AuditHead] = []) async throws(PostgresError) -> Report {
        var report = Report()
        let standing = try await standing()
        let known = Set(standing.map(\.head.tenantID))
        report.add(try await pool.execute(ListHeadless()).filter { !known.contains($0) }.map { .headless($0) })
        report.add(expected.filter { !known.contains($0.tenantID) }.map { .gone($0.tenantID, number: $0.number) })
        for chain in standing { try await verify(chain, expected, &report) }
        return report
    }

    private func verify(
        _ standing: ReadAuditHeads.Row, _ expected: [AuditHead], _ report: inout Report
    ) async throws(PostgresError) {
        var chain = AuditChain(after: standing.anchor, expected: expected)
        report.add(standing.outside.map { .outside(standing.head.tenantID, number: $0) })
        report.add(chain.begin())
        while chain.number < standing.head.number {
            let page = try await pool.execute(
                ReadAuditPage(
                    tenantID: chain.tenantID, after: chain.number, through: standing.head.number, limit: pageSize))
            for row in page {
                chain.skip(to: row.anchor)
                guard let entry = row.entry else { continue }
                report.add(chain.append(entry))
                report.rowCount += 1
            }
            // A row of nothing but the anchor comes when there are no more.
            if page.allSatisfy({ $0.entry == nil }) { break }
        }
        report.add(chain.end(at: standing.head))
        report.heads.append(standing.head)
    }

    private func standing() async throws(PostgresError) -> [ReadAuditHeads.Row] {
        var standing: [ReadAuditHeads.Row] = []
        while true {
            let page = try await pool.execute(ReadAuditHeads(after: standing.last?.head.tenantID, limit: pageSize))
            standing += page
            if page.count < pageSize { return standing }
        }
    }
}

/// The heads of chains, by tenant, and rows that are where none can be, all of one moment.
package struct ReadAuditHeads: Statement {
    /// The last of the page before; nil for the first page.
    package let after: String?
    package let limit: Int

    package struct Row: Sendable {
        package let head: AuditHead
        package let anchor: AuditHead
        /// The first row behind the head, and the first before the anchor.
        package let outside: [Int64]
    }

    package init(after: String?, limit: Int) {
        self.after = after
        self.limit = limit
    }

    package static let sql = """
        SELECT tenant_id, last_number, last_hash, anchor_number, anchor_hash,
            (SELECT number FROM audit_trail t WHERE t.tenant_id = h.tenant_id AND number <= anchor_number
                ORDER BY number LIMIT 1),
            (SELECT number FROM audit_trail t WHERE t.tenant_id = h.tenant_id AND number > last_number
                ORDER BY number LIMIT 1)
        FROM audit_heads h WHERE $1::text IS NULL OR tenant_id > $1 ORDER BY tenant_id LIMIT $2
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(after)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let tenantID = try row.text()
        return Row(
            head: AuditHead(tenantID: tenantID, number: try row.int64(), hash: try row.bytes()),
            anchor: AuditHead(tenantID: tenantID, number: try row.int64(), hash: try row.bytes()),
            outside: [try row.int64OrNil(), try row.int64OrNil()].compactMap { $0 })
    }
}

/// Tenants with rows and no head.
package struct ListHeadless: Statement {
    package typealias Row = String

    package init() {}

    // From one tenant to the next through the index, not through all of their rows.
    package static let sql = """
        WITH RECURSIVE tenants (tenant_id) AS (
            (SELECT tenant_id FROM audit_trail ORDER BY tenant_id LIMIT 1)
            UNION ALL
            SELECT (SELECT t.tenant_id FROM audit_trail t WHERE t.tenant_id > tenants.tenant_id
                ORDER BY t.tenant_id LIMIT 1)
            FROM tenants WHERE tenants.tenant_id IS NOT NULL
        )
        SELECT tenant_id FROM tenants
        WHERE tenant_id IS NOT NULL AND NOT EXISTS (SELECT FROM audit_heads h WHERE h.tenant_id = tenants.tenant_id)
        """

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}

/// The next rows of a chain, and its anchor at that moment.
package struct ReadAuditPage: Statement {
    package let tenantID: String
    package let after: Int64
    package let through: Int64
    package let limit: Int

    package struct Row: Sendable {
        package let anchor: AuditHead
        /// Nil when there is no row.
        package let entry: AuditEntry?
    }

    package init(tenantID: String, after: Int64, through: Int64, limit: Int) {
        self.tenantID = tenantID
        self.after = after
        self.through = through
        self.limit = limit
    }

    package static let sql = """
        SELECT h.anchor_number, h.anchor_hash, t.number IS NOT NULL, \(columns)
        FROM audit_heads h LEFT JOIN LATERAL (
            SELECT * FROM audit_trail
            WHERE tenant_id = $1 AND number > greatest($2, h.anchor_number) AND number <= $3 ORDER BY number LIMIT $4
        ) t ON true
        WHERE h.tenant_id = $1 ORDER BY t.number
        """

    // What is never null in a row is null where there is none.
    private static let columns = """
        $1, coalesce(t.number, 0), coalesce(t.at, now()), coalesce(t.actor, ''), coalesce(t.action, ''), t.subject,
        coalesce(t.outcome, ''), t.reason, t.client_address, t.request_id, t.trace_id, coalesce(t.detail, '{}'),
        coalesce(t.previous_hash, ''), coalesce(t.hash, '')
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(tenantID)
        parameters.int64(after)
        parameters.int64(through)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let (number, hash, isThere) = (try row.int64(), try row.bytes(), try row.bool())
        let entry = try AuditEntry(&row)
        return Row(
            anchor: AuditHead(tenantID: entry.tenantID, number: number, hash: hash), entry: isThere ? entry : nil)
    }
}
