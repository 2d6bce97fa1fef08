import Checker
import Core
import Foundation
import TestSupport
import Testing

extension NemesisTests {
    @Test(
        "saga seeds, starts, waits, simulates and cancels, and its exit codes and JSON say what happened",
        .timeLimit(.minutes(2)))
    func tool() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            let saga = try Tool(
                "saga",
                environment: [
                    "SAGAFLOW_URL": "http://127.0.0.1:\(port)", "SAGAFLOW_ADMIN_TOKEN": Deployment.adminToken,
                    "DATABASE_URL": system.test.url,
                ])
            let away = try await saga.run(["run", "start", "order-processing"])
            #expect(away.exitCode == 69, "\(away.errors)")
            try await system.startMocks(injectFailure: 0, seed: 1)
            try await system.startAPI("api", port: port)
            try system.startEngine("engine", ["--poll", "200ms"])

            for new in [9, 0] {
                let seeded = try await saga.run(["seed", "--mocks-port", "\(system.mocksPort)", "-o", "json"])
                #expect(seeded.exitCode == 0, "\(seeded.errors)")
                #expect(
                    seeded.json
                        == ["participants": 6, "workflows": 9, "newWorkflows": JSON(new), "leftAsTheyAre": []])
            }
            let good = try await saga.run([
                "run", "start", "order-processing", "--input", #"{"orderId":"1","amount":5,"sku":"b","email":"a@b"}"#,
                "--key", "k", "--wait", "30s", "-o", "json",
            ])
            #expect(good.exitCode == 0, "\(good.errors)")
            #expect(good.json["run"]?["status"] == "COMPLETED" && good.json["steps"]?.array?.count == 3)
            let again = try await saga.run([
                "run", "start", "order-processing", "--input", #"{"orderId":"1","amount":5,"sku":"b","email":"a@b"}"#,
                "--key", "k", "-o", "json",
            ])
            #expect(again.json["replayed"] == true && again.json["runId"] == good.json["run"]?["runId"])
            let declined = try await saga.run([
                "run", "start", "order-processing", "--input", #"{"amount":900}"#, "--wait", "30s",
            ])
            #expect(declined.exitCode == 2 && declined.output.contains("COMPENSATED"), "\(declined)")
            let unknown = try await saga.run(["run", "start", "nope"])
            #expect(unknown.exitCode == 1 && unknown.errors.contains("404"), "\(unknown)")

            let slow = try await saga.run([
                "run", "start", "order-processing", "--input", #"{"delay":"5s"}"#, "--wait", "200ms",
            ])
            #expect(slow.exitCode == 3, "\(slow.errors)")
            let slowID = try #require(slow.output.firstMatch(of: /[0-9a-f]{8}-[0-9a-f-]{27}/)).output
            let cancelled = try await saga.run(["run", "cancel", String(slowID), "--reason", "too slow"])
            #expect(cancelled.exitCode == 0, "\(cancelled.errors)")
            let watched = try await saga.run(["run", "watch", String(slowID)])
            #expect(watched.exitCode == 2 && watched.output.contains("cancel requested: too slow"), "\(watched)")

            let simulated = try await saga.run(["simulate", "--num", "80", "--failure-share", "0.25", "-o", "json"])
            #expect(simulated.exitCode == 0, "\(simulated.errors)")
            #expect(simulated.json["byStatus"] == ["COMPLETED": 60, "COMPENSATED": 20])
            #expect(simulated.json["lost"] == 0 && simulated.json["unfinished"] == 0)
            #expect((simulated.json["endMs"]?["p99"]?.double ?? 0) > 0)
            let recovered = try await saga.run(["recover", "-o", "json"])
            #expect(recovered.exitCode == 0 && recovered.json["runs"] == [], "\(recovered)")
        }
    }

    @Test(
        "saga run watch shows every event once and in order although the API is killed again and again",
        .timeLimit(.minutes(2)))
    func watchResumes() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            let saga = try Tool("saga", environment: ["SAGAFLOW_URL": "http://127.0.0.1:\(port)"])
            try await system.startMocks(injectFailure: 0, seed: 1)
            try await system.startAPI("api", port: port)
            try await system.register(port: port)
            try system.startEngine("engine", ["--poll", "200ms"])
            let started = try await saga.run([
                "run", "start", "order-processing", "-o", "json", "--input",
                #"{"delay":"1500ms","email":"a@b","fail":{"status":400,"steps":["send-confirmation-email"]}}"#,
            ])
            let runID = try #require(started.json["runId"]?.string, "\(started)")
            async let watching = saga.run(["run", "watch", runID, "-o", "json"])
            for _ in 0..<3 {
                try await Task.sleep(for: .seconds(1))
                await system.kill("api")
                try await system.startAPI("api", port: port)
            }
            let watched = try await watching
            #expect(watched.exitCode == 2, "\(watched.errors)")
            let count = try await system.test.value("SELECT count(*) FROM run_events WHERE run_id = '\(runID)'")
            #expect(watched.lines.compactMap { $0["seq"]?.int } == Array(1...(Int(count ?? "") ?? 0)))
            #expect(watched.lines.last?["kind"] == "run_compensated")
        }
    }

    @Test(
        "saga recover frees the runs of a killed engine whose leases would last for minutes, and every effect happens once",
        .timeLimit(.minutes(2)))
    func recover() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            let saga = try Tool(
                "saga",
                environment: ["SAGAFLOW_URL": "http://127.0.0.1:\(port)", "DATABASE_URL": system.test.url])
            try await system.startMocks(injectFailure: 0, latency: "300ms", seed: 1)
            try await system.startAPI("api", port: port)
            try await system.register(port: port)
            try system.startEngine("victim", ["--lease", "10m", "--poll", "100ms"])
            var acknowledged: [Acknowledgement] = []
            for number in 0..<10 {
                let start = try await saga.run([
                    "run", "start", "order-processing", "-o", "json", "--input", #"{"orderId":"\#(number)"}"#,
                ])
                acknowledged.append(Acknowledgement(try #require(start.json["runId"]?.string.flatMap { RunID($0) })))
            }
            #expect(await system.kill("victim"))
            let held = "SELECT count(*) FROM outbox WHERE lease_owner IS NOT NULL"
            let stuck = try #require(try await system.test.value(held).flatMap { Int($0) })
            try #require(stuck > 0, "the engine held nothing when it was killed")
            // As if a minute had passed since its last sign of life.
            try await system.test.execute("UPDATE engines SET heartbeat_at = now() - interval '1 minute'")
            try system.startEngine("heir", ["--poll", "100ms"])
            try await Task.sleep(for: .seconds(1))

            let seen = try await saga.run(["recover", "--timeout", "1s", "-o", "json"])
            #expect(seen.exitCode == 2, "\(seen)")
            #expect(seen.json["runs"]?.array?.count == stuck && seen.json["freed"] == 0)
            #expect(try await system.test.value(held) == "\(stuck)", "looking changes nothing")
            let freed = try await saga.run(["recover", "--timeout", "1s", "--free"])
            #expect(freed.exitCode == 0 && freed.output.contains("\(stuck) freed"), "\(freed)")

            try await system.untilAllTerminal(.seconds(30))
            var options = Checker.Options()
            options.minimums.completed = acknowledged.count
            options.minimums.takeovers = stuck
            let report = try await Checker.check(
                database: system.test.configuration, ledgers: system.ledgers.mapValues { [$0] },
                acknowledged: acknowledged,
                options: options)
            let isPassed = report.isPassed
            #expect(isPassed, "\(report.text)")
        }
    }
}
