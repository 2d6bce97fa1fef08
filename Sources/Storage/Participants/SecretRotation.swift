package import Core
package import Postgres

/// Encrypts everything secret in participants' rows with the newest key.
///
/// Each row is done by itself, and a row that is done is not looked at again: it can be broken off anywhere.
package struct SecretRotation: Sendable {
    /// What was done.
    package struct Report: Sendable {
        /// The key that all was encrypted with.
        package let key: String
        package fileprivate(set) var rotated = 0
        /// Rows that somebody has written meanwhile, with whatever key.
        package fileprivate(set) var changed = 0
        /// Rows that stay as they are.
        package fileprivate(set) var failures: [(participant: ParticipantID, reason: String)] = []

        fileprivate init(key: String) { self.key = key }
    }

    private static let batch = 100

    private let pool: Pool
    private let keys: SecretKeys

    package init(pool: Pool, keys: SecretKeys) {
        self.pool = pool
        self.keys = keys
    }

    package func run() async throws(PostgresError) -> Report {
        var (report, after) = (Report(key: keys.newest), ParticipantID?.none)
        while true {
            let found = FindUnrotatedSecrets(key: keys.newest, after: after, limit: Self.batch)
            let rows = try await pool.execute(found)
            for row in rows {
                let rotated: StoredSecrets
                do throws(UnsealingError) { rotated = try row.rotated(keys) } catch {
                    report.failures.append((row.id, "\(error)"))
                    continue
                }
                let written = try await pool.execute(ReplaceSecrets(row, with: rotated, by: "saga"))
                if written.isEmpty { report.changed += 1 } else { report.rotated += 1 }
            }
            guard let last = rows.last else { return report }
            after = last.id
        }
    }
}
