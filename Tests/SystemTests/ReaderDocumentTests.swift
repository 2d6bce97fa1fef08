import Foundation
import Postgres
import TestSupport
import Testing

/// On a server of its own: the role is a server's, and this one has none yet.
@Suite("docs/security.md: a tenant's eyes in the database")
struct ReaderDocumentTests {
    @Test("What is printed there makes a login that sees its tenant's runs, and one that sees columns of them alone")
    func asPrinted() async throws {
        let sql = try #require(try Document("docs/security.md").blocks("sql", in: "Tenants").first)
        try await PrivatePostgres.with { server in
            #expect(
                try await server.value("SELECT grant_reader()") == "f", "there is no such role, and that is no error")
            for (number, tenant) in ["acme", "other", "acme"].enumerated() {
                try await server.execute(
                    """
                    INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, input, context,
                        created_at, updated_at, snapshot_seq, snapshot_at)
                    VALUES ((left(first_run_id(now())::text, 35) || '\(number)')::uuid, '\(tenant)', 'w', '1.0.0', 'PENDING', '{}',
                        '{}', now(), now(), 1, now())
                    """)
            }
            try await server.execute(sql)
            let count = "SELECT count(*) FROM workflow_runs"
            #expect(try await ask(server, "bi_acme", count) == "2")
            try await server.execute(
                """
                CREATE ROLE few LOGIN; INSERT INTO reader_tenants VALUES ('few', 'other');
                GRANT SELECT ON reader_tenants TO few;
                GRANT SELECT (run_id, workflow_name, status, created_at) ON workflow_runs TO few
                """)
            #expect(try await ask(server, "few", count) == "1")
            await #expect(throws: PostgresError.self) {
                _ = try await ask(server, "few", "SELECT input FROM workflow_runs")
            }
            try await server.execute("DELETE FROM reader_tenants WHERE role_name = 'bi_acme'")
            #expect(try await ask(server, "bi_acme", count) == "0")
            try await server.execute("DROP ROLE bi_acme")
        }
    }

    /// The first value, to whom has logged in as this role.
    private func ask(_ server: PrivatePostgres, _ role: String, _ sql: String) async throws -> String? {
        let url = "postgres://\(role)@127.0.0.1:\(server.port)/\(PrivatePostgres.database)"
        let connection = try await Connection.connect(try ConnectionConfiguration(url, applicationName: "bi"))
        let rows: Result<[[String?]], PostgresError>
        do throws(PostgresError) { rows = .success(try await connection.simpleQuery(sql)) } catch {
            rows = .failure(error)
        }
        await connection.close()
        return try rows.get().first?.first ?? nil
    }
}
