import Core
@testable import Engine
import Postgres
import Settings
import Storage
import Testing
import TestSupport

@Suite("How long the audit is kept")
struct AuditRetentionTests {
    private static func retention(_ text: String?) throws -> Duration? {
        var environment = ["DATABASE_URL": "postgres://localhost/nowhere"]
        environment["AUDIT_RETENTION"] = text
        var settings = Settings(program: "tests", about: "tests.", arguments: ["tests"], environment: environment)
        return try EngineConfiguration(&settings).auditRetention
    }

    @Test(
        "it is a duration of a day or more, or off",
        arguments: [
            (nil, .seconds(400 * 86_400)), ("off", nil), ("1d", .seconds(86_400)), ("90d", .seconds(90 * 86_400)),
        ] as [(String?, Duration?)])
    func setting(_ text: String?, _ retention: Duration?) throws {
        #expect(try Self.retention(text) == retention)
    }

    @Test("anything else is refused by name", arguments: ["23h", "0", "-1d", "soon", "36501d"])
    func noSetting(_ text: String) {
        let error = #expect(throws: SettingsError.self) { try Self.retention(text) }
        #expect(error?.description.contains("AUDIT_RETENTION") == true)
    }

    @Test("an engine removes what is past its time, of every tenant, and nothing else; off removes nothing")
    func engine() async throws {
        try await Stage.with([]) { stage in
            let test = stage.test
            for tenant in ["a", "b", "c"] {
                for _ in 0..<5 { _ = try await test.database.writes.execute(WriteRefusals([.sample(tenant: tenant)])) }
            }
            try await test.age(rows: 5, of: "a", by: "3 days")
            try await test.age(rows: 2, of: "b", by: "3 days")
            // The maintenance comes to it after the partitions, of which the metrics tell.
            try await stage.withEngine(["--audit-retention", "off"]) { engine in
                while try await test.value("SELECT count(*) FROM engines") == "0" { await Task.yield() }
            }
            #expect(try await test.value("SELECT count(*) FROM audit_trail") == "15")
            try await stage.withEngine(["--audit-retention", "2d"]) { _ in
                while try await test.value("SELECT count(*) FROM audit_trail") != "8" { await Task.yield() }
            }
            #expect(
                try await test.query("SELECT tenant_id, count(*) FROM audit_trail GROUP BY 1 ORDER BY 1")
                    == [["b", "3"], ["c", "5"]])
            let report = try await AuditVerifier(pool: test.database.reads).verify()
            #expect(report.flaws == [] && report.heads.map(\.number) == [5, 5, 5])
        }
    }
}
