import Core
import Postgres
import TestSupport
import Testing

@Suite("saga audit against a real stack")
struct AuditVerbTests {
    @Test("it lists, exports, reports and verifies, and says which row is not what it was", .timeLimit(.minutes(2)))
    func verbs() async throws {
        try await CommandLineSystem.with { system, saga in
            let database = system.deployment.databaseURL
            let step = #"{"id":"rest","wait":{"for":"1h"}}"#
            try system.write("w.json", #"{"name":"w","version":"1.0.0","timeout":"1d","steps":[\#(step)]}"#)
            try #require(try await saga("workflow", "apply", system.path("w.json")).exitCode == 0)
            let started = try await saga(
                "run", "start", "w", "--input", "{}", "--correlation-id", "ann", "-o", "json")
            let run = try #require(started.json["runId"]?.string, "\(started)")
            try #require(try await saga("run", "cancel", run, "--reason", "no").exitCode == 0)

            let list = try await saga("audit", "list", "--run", run)
            #expect(list.output.contains("cancel_run") && list.output.contains("done"), "\(list)")
            let export = try await saga("audit", "export")
            let rows = export.lines
            #expect(
                export.exitCode == 0 && rows.map { $0["action"] } == ["register_workflow", "cancel_run"], "\(export)")
            #expect(try await saga("audit", "export", "--tenant", "default").lines.count == 1)
            #expect(try await saga("audit", "export", "--outcome", "x").exitCode == 1)

            let report = try await saga("audit", "report", run)
            #expect(report.json["report"]?["audit"]?[0]?["action"] == "cancel_run", "\(report)")
            let all = try await saga("audit", "report", "--correlation-id", "ann", "--limit", "1")
            #expect(all.json["reports"]?[0]?["run"]?["runId"]?.string == run && all.json["limitReached"] == false)
            #expect(try await saga("audit", "report", RunID(high: 1, low: 1).description).exitCode == 1)
            #expect(try await saga("audit", "report").exitCode == 64)

            let heads = try await saga("audit", "heads", "--database-url", database)
            #expect(heads.exitCode == 0 && heads.output.split(separator: "\n").count == 2, "\(heads)")
            let expected = heads.output.split(separator: "\n").flatMap { ["--expect", String($0)] }
            let good = try await Tool("saga", environment: system.environment).run(
                ["audit", "verify", "--database-url", database] + expected)
            #expect(
                good.exitCode == 0 && good.output.contains("2 rows of 2 chains verified: nothing is wrong"), "\(good)")
            let connection = try await Connection.connect(
                try ConnectionConfiguration(database))
            try await connection.simpleQuery(
                """
                SET session_replication_role = replica;
                UPDATE audit_trail SET actor = 'somebody else' WHERE action = 'cancel_run'
                """)
            await connection.close()
            let bad = try await saga("audit", "verify", "--database-url", database)
            #expect(bad.exitCode == 1 && bad.output.contains("default: row 1 was changed"), "\(bad)")
            let json = try await saga("audit", "verify", "--database-url", database, "-o", "json")
            #expect(json.json["flaws"]?[0]?["kind"] == "changed" && json.json["passed"] == false, "\(json)")
            #expect(try await saga("audit", "verify", "--database-url", database, "--expect", "x").exitCode == 64)
        }
    }
}
