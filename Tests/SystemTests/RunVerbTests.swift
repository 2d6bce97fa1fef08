import Core
import Foundation
import TestSupport
import Testing

@Suite("saga run, cluster, audit and doctor against a real stack")
struct RunVerbTests {
    private static let order = #"{"orderId":"1","amount":5,"sku":"b","quantity":1,"email":"a@b"}"#

    /// A run that ends FAILED: its first step can't be undone the first time.
    private static func failing(_ number: Int) -> String {
        #"{"orderId":"\#(number)","amount":5,"sku":"out-of-stock","quantity":1,"#
            + #""fail":{"status":422,"times":1,"on":"compensate","steps":["charge-payment"]}}"#
    }

    @Test(
        "Runs are listed, told, retried one by one and many at once, and resolved, in text and in JSON",
        .timeLimit(.minutes(2)))
    func runs() async throws {
        try await CommandLineSystem.with { system, saga in
            let none = try await saga("cluster")
            #expect(none.exitCode == 2 && none.output.contains("0 engines alive"), "\(none)")
            try await system.deployment.startMocks(injectFailure: 0, seed: 1)
            let seeded = try await saga("seed", "--mocks-port", "\(system.deployment.mocksPort)")
            try #require(seeded.exitCode == 0, "\(seeded)")
            try system.deployment.startEngine("engine", ["--poll", "200ms"])
            let good = try await saga(
                "run", "start", "order-processing", "--input", Self.order, "--wait", "30s", "-o", "json")
            let goodID = try #require(good.json["run"]?["runId"]?.string, "\(good)")
            var failed: [String] = []
            for number in 0..<4 {
                let run = try await saga(
                    "run", "start", "order-processing", "--input", Self.failing(number), "--wait", "30s", "-o", "json")
                #expect(run.exitCode == 2 && run.json["run"]?["status"] == "FAILED", "\(run)")
                failed.append(try #require(run.json["run"]?["runId"]?.string))
            }
            try await lists(saga, goodID, failed)
            try await histories(saga, goodID)
            try await mends(saga, failed)

            let cluster = try await saga("cluster", "-o", "json")
            #expect(cluster.exitCode == 0 && cluster.json["liveEngines"] == 1, "\(cluster)")
            #expect(try await saga("cluster", "-o", "jsonl").lines.map { $0["alive"] } == [true])
            let text = try await saga("cluster")
            #expect(text.output.contains("1 engines alive") && text.output.contains("HEARD OF"), "\(text)")
        }
    }

    private func lists(_ saga: CommandLineSystem.Saga, _ good: String, _ failed: [String]) async throws {
        let all = try await saga("run", "list")
        #expect(all.exitCode == 0 && all.output.split(separator: "\n").count == 6, "\(all)")
        #expect(all.output.contains("a person: "), "what a FAILED run waits for: \(all)")
        let completed = try await saga("run", "list", "--status", "completed", "-o", "json")
        #expect(completed.json["runs"]?.array?.map { $0["runId"] } == [.string(good)], "\(completed)")
        let two = try await saga("run", "list", "--limit", "2", "-o", "json")
        #expect(two.json["runs"]?.array?.map { $0["runId"] } == [.string(failed[3]), .string(failed[2])], "\(two)")
        let cursor = try #require(two.json["nextCursor"]?.string)
        let rest = try await saga("run", "list", "--cursor", cursor, "-o", "jsonl")
        #expect(rest.lines.map { $0["runId"] } == [failed[1], failed[0], good].map { .string($0) }, "\(rest)")
        let hinted = try await saga("run", "list", "--limit", "2")
        #expect(hinted.errors.contains("--all"), "\(hinted)")
        #expect(try await saga("run", "list", "--all", "-o", "jsonl").lines.count == 5)
        let wide = try await saga("run", "list", "-o", "wide")
        #expect(wide.output.contains("CORRELATION"), "\(wide)")
        #expect(try await saga("run", "list", "--workflow", "other").output == "no run\n")
        let refused = try await saga("run", "list", "--status", "nope")
        #expect(refused.exitCode == 1 && refused.errors.contains("COMPLETED"), "\(refused)")
        let shown = try await saga("run", "show", good)
        #expect(shown.output.contains("charge-payment"), "\(shown)")
    }

    private func histories(_ saga: CommandLineSystem.Saga, _ run: String) async throws {
        let text = try await saga("run", "events", run)
        #expect(text.output.contains("● COMPLETED") && text.output.contains("✓ charge-payment"), "\(text)")
        let json = try await saga("run", "events", run, "-o", "json")
        let events = json.json["events"]?.array ?? []
        #expect(events.compactMap { $0["seq"]?.int } == Array(1...events.count), "\(json)")
        let after = try await saga("run", "events", run, "--after", "3", "-o", "jsonl")
        #expect(after.lines == Array(events.dropFirst(3)), "\(after)")
        let none = try await saga("run", "events", "00000000-0000-7000-8000-000000000000")
        #expect(none.exitCode == 1 && none.errors.contains("404"), "\(none)")
    }

    private func mends(_ saga: CommandLineSystem.Saga, _ failed: [String]) async throws {
        let list = try await saga("run", "failed")
        #expect(list.exitCode == 2 && list.output.contains("charge-payment"), "\(list)")
        let listed = try await saga(
            "run", "failed", "--where", "step=charge-payment", "--where", "kind=compensation", "-o", "json")
        #expect(listed.json["runs"]?.array?.map { $0["runId"] } == failed.reversed().map { .string($0) }, "\(listed)")
        let other = try await saga("run", "failed", "--where", "workflow=other")
        #expect(other.exitCode == 0 && other.output == "no run is FAILED\n", "\(other)")

        let resolved = try await saga(
            "run", "resolve", failed[0], "charge-payment", "--reason", "by phone", "-o", "json")
        #expect(resolved.exitCode == 0 && resolved.json["runId"] == .string(failed[0]), "\(resolved)")
        let unknown = try await saga("run", "resolve", failed[1], "nope", "--reason", "x")
        #expect(unknown.exitCode == 1 && unknown.errors.contains("404"), "\(unknown)")
        let one = try await saga("run", "retry", failed[1], "--reason", "mended", "-o", "json")
        #expect(one.exitCode == 0 && one.json["runId"] == .string(failed[1]), "\(one)")
        for run in failed[0...1] { #expect(try await saga("run", "watch", run).output.contains("● COMPENSATED")) }

        let dry = try await saga("run", "retry", "--where", "step=charge-payment", "--dry-run")
        #expect(dry.exitCode == 0 && dry.output.contains("2 matched, 2 would be retried, 0 skipped"), "\(dry)")
        let limited = try await saga("run", "retry", "--all-failed", "--limit", "1", "--dry-run", "-o", "json")
        #expect(limited.json["retried"] == [.string(failed[3])] && limited.json["dryRun"] == true, "\(limited)")
        let bulk = try await saga(
            "run", "retry", "--where", "workflow=order-processing", "--reason", "back", "-o", "json")
        #expect(bulk.exitCode == 0 && bulk.json["retried"]?.array?.count == 2, "\(bulk)")
        for run in failed[2...3] { #expect(try await saga("run", "follow", run).output.contains("● COMPENSATED")) }
        let again = try await saga("run", "retry", failed[2], "charge-payment")
        #expect(again.exitCode == 1 && again.errors.contains("409"), "\(again)")

        let actions = try await saga("audit", "list", "-o", "json")
        let kinds = actions.json["entries"]?.array?.compactMap { $0["action"]?.string } ?? []
        #expect(kinds.count { $0.contains("retry") } == 3 && kinds.count { $0.contains("resolve") } == 1, "\(actions)")
        let mine = try await saga("audit", "list", "--subject", "runs/\(failed[0])")
        #expect(mine.output.contains("by phone") && mine.output.contains("tests"), "\(mine)")
        #expect(try await saga("audit", "list", "--limit", "1", "-o", "jsonl").lines.count == 1)
    }

    @Test(
        "A run is paused, ended step by step by hand, undone after its end, and started for later",
        .timeLimit(.minutes(3)))
    func hands() async throws {
        try await CommandLineSystem.with { system, saga in
            try system.deployment.startEngine("engine", ["--poll", "200ms"])
            let steps = ["rest", "more", "last"].map { #"{"id":"\#($0)","wait":{"for":"1h"}}"# }.joined(separator: ",")
            try system.write("hand.json", #"{"name":"hand","version":"1.0.0","timeout":"1d","steps":[\#(steps)]}"#)
            let applied = try await saga("workflow", "apply", system.path("hand.json"))
            try #require(applied.exitCode == 0, "\(applied)")
            func start(_ arguments: String...) async throws -> String {
                let words = ["run", "start", "hand", "--input", "{}", "-o", "json"] + arguments
                let started = try await Tool("saga", environment: system.environment).run(words)
                return try #require(started.json["runId"]?.string, "\(started)")
            }
            func until(_ run: String, _ isSo: @escaping @Sendable (JSON) -> Bool) async throws {
                try await system.deployment.until(.seconds(30), "\(run) stands so") {
                    isSo(try await saga("run", "get", run, "-o", "json").json)
                }
            }
            func waits(_ run: String, _ kind: JSON, _ step: JSON? = nil) async throws {
                try await until(run) { json in
                    let waiting = json["run"]?["waitingFor"]
                    return waiting?["kind"] == kind && (step == nil || waiting?["stepId"] == step)
                }
            }
            func accepted(_ arguments: String...) async throws {
                let outcome = try await Tool("saga", environment: system.environment).run(["run"] + arguments)
                #expect(outcome.exitCode == 0, "\(arguments): \(outcome)")
            }

            let run = try await start()
            try await waits(run, "timer", "rest")
            try await accepted("pause", run, "--reason", "audit", "--hold-deadline")
            try await waits(run, "paused")
            let shown = try await saga("run", "list", "-o", "json")
            #expect(shown.json["runs"]?[0]?["waitingFor"]?["reason"] == "audit", "\(shown)")
            try await accepted("resume", run, "--reason", "done")
            try await waits(run, "timer", "rest")
            try await accepted("complete", run, "rest", "--reason", "here", "--step-output", #"{"n":1}"#)
            try await waits(run, "timer", "more")
            try await accepted("skip", run, "more", "--reason", "no", "-o", "json")
            try await waits(run, "timer", "last")
            try await accepted("fail", run, "last", "--reason", "hopeless")
            let watched = try await saga("run", "watch", run)
            #expect(watched.exitCode == 2, "\(watched)")
            for words in ["paused: audit", "resumed: done", "done: here", "skipped: no", "given up: hopeless"] {
                #expect(watched.output.contains(words), "\(words): \(watched)")
            }
            let late = try await saga("run", "undo", run, "--reason", "back")
            #expect(late.exitCode == 1 && late.errors.contains("409"), "\(late)")
            let idle = try await saga("run", "skip", run, "rest", "--reason", "no")
            #expect(idle.exitCode == 1 && idle.errors.contains("409"), "\(idle)")

            let other = try await start()
            for step in ["rest", "more", "last"] {
                try await waits(other, "timer", .string(step))
                try await accepted("complete", other, step, "--reason", "here")
            }
            try await until(other) { $0["run"]?["status"] == "COMPLETED" }
            try await accepted("undo", other, "--reason", "sent back")
            try await until(other) { $0["run"]?["status"] == "COMPENSATED" }
            #expect(try await saga("run", "events", other).output.contains("undo requested: sent back"))

            let later = try await start("--delay", "1h")
            try await waits(later, "timer")
            try await accepted("cancel", later)
            try await until(later) { $0["run"]?["status"] == "CANCELLED" }
            try system.write(
                "asked.json",
                #"{"name":"asked","version":"1.0.0","timeout":"1d","steps":[{"id":"ok","await":{"signal":"go"}}]}"#)
            _ = try await saga("workflow", "apply", system.path("asked.json"))
            let started = try await saga("run", "start", "asked", "--input", "{}", "-o", "json")
            let asked = try #require(started.json["runId"]?.string, "\(started)")
            try await waits(asked, "signal", "ok")
            #expect(try await saga("run", "get", asked).output.contains("the signal go for ok, at most until 20"))
            let unknown = try await saga("run", "signal", asked, "stop")
            #expect(unknown.exitCode == 1 && unknown.errors.contains("404"), "\(unknown)")
            try await accepted("signal", asked, "go", "--payload", #"{"n":1.50}"#, "--key", "k")
            try await until(asked) {
                $0["run"]?["status"] == "COMPLETED" && $0["run"]?["output"]?.text == #"{"n":1.50}"#
            }
            let history = try await saga("run", "events", asked).output
            for words in ["waits for the signal go", "✉ signal go (tests)", "has its signal"] {
                #expect(history.contains(words), "\(words): \(history)")
            }

            let both = try await saga("run", "start", "hand", "--delay", "1h", "--start-at", "2100-01-01T00:00:00Z")
            #expect(both.exitCode == 64 && both.errors.contains("exclude each other"), "\(both)")
            let refused = try await saga("run", "start", "hand", "--start-at", "tomorrow")
            #expect(refused.exitCode == 1 && refused.errors.contains("startAt"), "\(refused)")
        }
    }

    @Test("The doctor finds what is wrong, one thing after the other, until nothing is", .timeLimit(.minutes(2)))
    func doctor() async throws {
        try await CommandLineSystem.with { system, saga in
            func states(_ outcome: Tool.Outcome) -> [String: String] {
                let checks = outcome.json["checks"]?.array ?? []
                return checks.reduce(into: [:]) { states, check in
                    let (name, state) = (check["check"]?.string ?? "", check["state"]?.string ?? "")
                    // The worst of those with the same name.
                    if state != "ok" || states[name] == nil { states[name] = state }
                }
            }
            let away = try await saga("doctor", "--url", "http://127.0.0.1:\(try Ports.take())")
            #expect(away.exitCode == 1 && away.output.contains("→ start sagaflow-api"), "\(away)")
            let idle = try await saga("doctor", "-o", "json")
            #expect(idle.exitCode == 1 && states(idle)["engines"] == "fail" && states(idle)["admin"] == "ok", "\(idle)")
            #expect(states(idle)["postgres"] == "ok" && states(idle)["database"] == "skip", "\(idle)")

            try await system.deployment.startMocks(injectFailure: 0, seed: 1)
            let seeded = try await saga("seed", "--mocks-port", "\(system.deployment.mocksPort)")
            try #require(seeded.exitCode == 0, "\(seeded)")
            // The demo has a workflow whose calls are called back.
            let ops = try system.deployment.startEngine(
                "engine", ["--poll", "200ms"], ["PUBLIC_URL": "http://127.0.0.1:\(system.port)"])
            try await system.deployment.waitUntilReady(ops, "engine")
            _ = try await saga("participant", "delete", "payments")
            let missing = try await saga("doctor", "-o", "json")
            #expect(missing.exitCode == 1 && states(missing)["participants"] == "fail", "\(missing)")
            #expect(
                missing.json["checks"]?.array?.contains { $0["advice"] == "saga participant set payments http://…" }
                    == true)
            _ = try await saga("participant", "set", "payments", "http://127.0.0.1:\(system.deployment.mocksPort)")

            let well = try await saga("doctor", "--database-url", system.deployment.test.url, "-o", "json")
            #expect(well.exitCode == 0 && well.json["fail"] == 0 && well.json["warn"] == 0, "\(well)")
            #expect(states(well)["migrations"] == "ok" && states(well)["stuck runs"] == "ok", "\(well)")
            #expect(states(well)["callbacks"] == "ok", "\(well)")
            #expect(states(well)["reachable"] == "ok" && states(well)["failed runs"] == "ok", "\(well)")
            let text = try await saga("doctor")
            #expect(text.exitCode == 0 && text.output.contains("ok    api"), "\(text)")
            #expect(try await saga("doctor", "-o", "jsonl").lines.count > 10)

            try system.write("wrong", "no-such-token")
            let stranger = try await saga("doctor", "--admin-token-file", system.path("wrong"), "-o", "json")
            #expect(stranger.exitCode == 1 && states(stranger)["admin"] == "fail", "\(stranger)")
            await system.deployment.kill("mocks")
            let dead = try await saga("doctor", "-o", "json")
            #expect(dead.exitCode == 0 && states(dead)["reachable"] == "warn", "\(dead)")
        }
    }

    @Test(
        "A profile says where and with what; mistyped verbs are told with what was meant; completions are there",
        .timeLimit(.minutes(3)))
    func around() async throws {
        try await CommandLineSystem.with { system, saga in
            try system.write("token", Deployment.adminToken)
            try system.write(
                "profiles",
                "profiles:\n  here: { url: 'http://127.0.0.1:\(system.port)', tokenFile: \(system.path("token")) }\n")
            var environment = system.environment
            environment["SAGAFLOW_URL"] = "http://127.0.0.1:1"
            environment["SAGAFLOW_ADMIN_TOKEN"] = ""
            environment["SAGAFLOW_PROFILES"] = system.path("profiles")
            let profiled = try Tool("saga", environment: environment)
            let listed = try await profiled.run(["participant", "list", "--profile", "here", "-o", "json"])
            #expect(listed.exitCode == 0 && listed.json["participants"] == [], "\(listed)")
            #expect(try await profiled.run(["workflow", "list"]).exitCode == 69)
            let unknown = try await profiled.run(["workflow", "list", "--profile", "there"])
            #expect(unknown.exitCode == 64 && unknown.errors.contains("there are: here"), "\(unknown)")

            let mistyped = try await saga("workflow", "vaildate", "x")
            #expect(mistyped.exitCode == 64 && mistyped.errors.contains("did you mean validate?"), "\(mistyped)")
            let option = try await saga("run", "list", "--limt", "3")
            #expect(option.exitCode == 64 && option.errors.contains("--limit"), "\(option)")
            for shell in ["bash", "zsh", "fish"] {
                let script = try await saga("completion", shell)
                #expect(script.exitCode == 0 && script.output.contains("participant"), "\(shell): \(script.errors)")
            }
        }
    }
}
