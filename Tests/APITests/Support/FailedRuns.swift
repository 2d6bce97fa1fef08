import Core
import Testing

@testable import API

extension TestAPI {
    /// A run that is FAILED because the compensation of `a` was refused.
    func failedRun() async throws -> String {
        let id = try await start()
        try await database.query(
            """
            UPDATE run_steps SET status = 'SUCCEEDED', compensation_status = 'FAILED', compensation_attempts = 9,
                error = '{"kind": "rejected", "message": "no"}' WHERE run_id = '\(id)' AND step_id = 'a'
            """)
        try await database.end(id, status: "FAILED")
        try await database.query(
            "UPDATE workflow_runs SET error = '{\"kind\": \"compensation\", \"message\": \"a gave up\"}' "
                + "WHERE run_id = '\(id)'")
        return id
    }

    /// A FAILED run becomes one that was set aside.
    func quarantine(_ id: String) async throws {
        try await database.query(
            """
            BEGIN;
            UPDATE workflow_runs SET error = '{"kind": "quarantined", "message": "It is poison."}', cause = 'QUARANTINED'
            WHERE run_id = '\(id)';
            UPDATE run_steps SET compensation_status = 'NOT_REQUIRED' WHERE run_id = '\(id)';
            COMMIT
            """)
    }

    /// A live run of a workflow that was registered without an admin call.
    func startPlanted() async throws -> String {
        try await database.query(
            """
            INSERT INTO workflow_definitions (workflow_name, version, spec, spec_hash, created_by)
            VALUES ('w', '1.0.0',
                '{"name":"w","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x"}}]}',
                sha256('x'), 'tests')
            """)
        return try await start()
    }
}
