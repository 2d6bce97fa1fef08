import Core
import Foundation
import TestSupport
import Testing

@Suite("saga workflow and saga participant against a real stack")
struct WorkflowVerbTests {
    private static let yaml = """
        name: verbs           # a comment
        version: 1.0.0
        steps:
          - id: charge
            action: { participant: payments, path: /charge }
            compensation: { participant: payments, path: /refund }
        """

    @Test(
        "Definitions are written, checked without a server, registered, compared, shown and deprecated, in text and in JSON",
        .timeLimit(.minutes(2)))
    func workflows() async throws {
        try await CommandLineSystem.with { system, saga in
            let made = try await saga("workflow", "init", system.path("my-order.yaml"))
            #expect(made.exitCode == 0 && made.output.contains("saga workflow validate"), "\(made)")
            let twice = try await saga("workflow", "init", system.path("my-order.yaml"))
            #expect(twice.exitCode == 1 && twice.errors.contains("--force"), "\(twice)")
            #expect(try await saga("workflow", "init", "-").output.hasPrefix("# A workflow"))

            try system.write("v1.yaml", Self.yaml)
            try system.write("bad.yaml", Self.yaml.replacing("/charge", with: "charge"))
            let valid = try await saga("workflow", "validate", system.path("my-order.yaml"), system.path("v1.yaml"))
            #expect(valid.exitCode == 0 && valid.output.contains("verbs 1.0.0, 1 step\n"), "\(valid)")
            let all = try await saga("workflow", "validate", system.folder, "-o", "json")
            #expect(all.exitCode == 1 && all.json["valid"] == 2 && all.json["refused"] == 1, "\(all)")
            let error = all.json["files"]?[0]?["errors"]?[0]
            #expect(error?["pointer"] == "/steps/0/action/path" && error?["line"] == 5, "\(all)")
            let refused = try await saga("workflow", "validate", system.path("bad.yaml"))
            #expect(refused.exitCode == 1 && refused.output.contains("5:38  /steps/0/action/path: "), "\(refused)")
            #expect(try await saga("workflow", "validate", system.folder, "-o", "jsonl").lines.count == 3)

            let nothing = try await saga("workflow", "apply", system.folder)
            #expect(nothing.exitCode == 1 && nothing.errors.contains("nothing was sent"), "\(nothing)")
            let dry = try await saga("workflow", "apply", "--dry-run", system.path("v1.yaml"), "-o", "json")
            #expect(dry.exitCode == 0 && dry.json["workflows"]?[0]?["result"] == "valid", "\(dry)")
            let findings = dry.json["workflows"]?[0]?["errors"]?.array ?? []
            let unknown = findings.first { $0["pointer"] == "/steps/0/action/participant" }
            #expect(unknown?["line"] == 5, "\(dry)")
            for result in ["created", "unchanged"] {
                let applied = try await saga("workflow", "apply", system.path("v1.yaml"), "-o", "jsonl")
                #expect(applied.exitCode == 0 && applied.lines.map { $0["result"] } == [.string(result)], "\(applied)")
            }
            try system.write("v1.yaml", Self.yaml.replacing("/charge", with: "/charge-more"))
            let conflict = try await saga("workflow", "apply", system.path("v1.yaml"))
            #expect(conflict.exitCode == 1 && conflict.output.contains("new version"), "\(conflict)")
            let differs = try await saga("workflow", "diff", system.path("v1.yaml"))
            #expect(differs.exitCode == 2 && differs.output.contains("+ verbs@1.0.0") == false, "\(differs)")
            #expect(differs.output.contains("\n-") && differs.output.contains("/charge-more"), "\(differs)")
            try system.write(
                "v2.yml", Self.yaml.replacing("1.0.0", with: "1.1.0").replacing("/charge", with: "/charge2"))
            #expect(try await saga("workflow", "apply", system.path("v2.yml")).output.hasPrefix("created"))

            let same = try await saga("workflow", "diff", "verbs@1.1.0", system.path("v2.yml"))
            #expect(same.exitCode == 0 && same.output.contains("are the same"), "\(same)")
            let diff = try await saga("workflow", "diff", "verbs@1.0.0", "verbs", "-o", "json")
            #expect(diff.exitCode == 2 && diff.json["after"] == "verbs@1.1.0" && diff.json["same"] == false, "\(diff)")
            #expect((diff.json["changes"]?.array?.count ?? 0) == 4, "\(diff)")
            let none = try await saga("workflow", "diff", "verbs@1.0.0", "verbs@9.0.0")
            #expect(none.exitCode == 1 && none.errors.contains("404"), "\(none)")

            let list = try await saga("workflow", "list")
            #expect(list.exitCode == 0 && list.output.contains("verbs     1.1.0   2"), "\(list)")
            let listed = try await saga("workflow", "list", "-o", "json")
            #expect(listed.json["workflows"]?[0]?["name"] == "verbs" && listed.json["nextCursor"] == .null, "\(listed)")
            #expect(try await saga("workflow", "list", "-o", "jsonl").lines.count == 1)
            let shown = try await saga("workflow", "show", "verbs@latest")
            #expect(
                shown.output.contains("verbs 1.1.0, registered") && shown.output.contains("\"/charge2\""), "\(shown)")
            let one = try await saga("workflow", "show", "verbs@1.0.0", "-o", "json")
            #expect(one.json["definition"]?["steps"]?[0]?["id"] == "charge", "\(one)")

            let old = try await saga("workflow", "deprecate", "verbs@1.1.0", "--reason", "too dear", "-o", "json")
            #expect(old.exitCode == 0 && old.json["deprecation"]?["reason"] == "too dear", "\(old)")
            let versions = try await saga("workflow", "show", "verbs")
            #expect(versions.output.contains("too dear") && versions.output.contains("1.0.0    latest"), "\(versions)")
            #expect(try await saga("workflow", "deprecate", "verbs@1.1.0", "--undo").exitCode == 0)
            #expect(try await saga("workflow", "show", "verbs", "-o", "json").json["latest"] == "1.1.0")
            #expect(try await saga("workflow", "deprecate", "verbs@7.0.0").exitCode == 1)
            try await pause(saga)
            try await tenant(system, saga)
        }
    }

    private func tenant(_ system: CommandLineSystem, _ saga: CommandLineSystem.Saga) async throws {
        try system.write("own.yaml", Self.yaml.replacing("/charge", with: "/own"))
        let applied = try await saga("workflow", "apply", system.path("own.yaml"), "--tenant", "acme")
        #expect(applied.exitCode == 0 && applied.output.hasPrefix("created"), "\(applied)")
        #expect(try await saga("workflow", "apply", system.path("own.yaml")).exitCode == 1, "what is shared is other")
        #expect(try await saga("workflow", "apply", system.path("own.yaml"), "--tenant", " ").exitCode == 64)
        #expect(try await !saga("workflow", "list").output.contains("TENANT"))
        let list = try await saga("workflow", "list", "--tenant", "acme")
        #expect(list.output.hasPrefix("WORKFLOW  TENANT") && list.output.contains("verbs     acme"), "\(list)")
        let shown = try await saga("workflow", "show", "verbs@1.0.0", "--tenant", "acme")
        #expect(
            shown.output.hasPrefix("verbs 1.0.0 (of the tenant acme), registered") && shown.output.contains("/own"),
            "\(shown)")
        #expect(
            try await saga("workflow", "show", "verbs", "--tenant", "acme").output.hasPrefix("verbs (of the tenant"))
        let same = try await saga("workflow", "diff", system.path("own.yaml"), "--tenant", "acme")
        #expect(same.exitCode == 0, "\(same)")
        let old = try await saga("workflow", "deprecate", "verbs@1.0.0", "--tenant", "acme", "-o", "json")
        #expect(old.exitCode == 0 && old.json["tenant"] == "acme", "\(old)")
        #expect(try await saga("workflow", "deprecate", "verbs@1.1.0", "--tenant", "acme").exitCode == 1)
        #expect(try await saga("workflow", "deprecate", "verbs@1.0.0", "--tenant", "acme", "--undo").exitCode == 0)
        let paused = try await saga("workflow", "pause", "verbs", "--tenant", "acme", "--reason", "x", "-o", "json")
        #expect(paused.exitCode == 0 && paused.json["tenant"] == "acme", "\(paused)")
        #expect(try await saga("workflow", "show", "verbs", "-o", "json").json["paused"] == .null)
        let resumed = try await saga("workflow", "resume", "verbs", "--tenant", "acme", "-o", "json")
        #expect(resumed.exitCode == 0 && resumed.json["tenant"] == "acme", "\(resumed)")
        let started = try await saga("run", "start", "verbs", "--context", #"{"tenantId":"acme"}"#, "-o", "json")
        let id = try #require(started.json["runId"]?.string, "\(started)")
        #expect(try await saga("run", "get", id).output.contains("verbs 1.0.0 (of the tenant acme)"))
    }

    private func pause(_ saga: CommandLineSystem.Saga) async throws {
        #expect(try await saga("workflow", "pause", "verbs").exitCode == 64)
        #expect(try await saga("workflow", "pause", "verbs@1.0.0", "--reason", "x").exitCode == 64)
        #expect(try await saga("workflow", "pause", "verbs", "--reason", "x", "--starts", "later").exitCode == 64)
        #expect(try await saga("workflow", "pause", "nothing", "--reason", "x").exitCode == 1)
        let paused = try await saga("workflow", "pause", "verbs", "--reason", "stocktaking", "-o", "json")
        #expect(paused.exitCode == 0 && paused.json["paused"]?["starts"] == "wait", "\(paused)")
        let refusing = try await saga("workflow", "pause", "verbs", "--reason", "stocktaking", "--starts", "refuse")
        #expect(refusing.output == "verbs is paused: its starts are refused\n", "\(refusing)")
        for shown in [try await saga("workflow", "list"), try await saga("workflow", "show", "verbs")] {
            #expect(shown.output.contains("stocktaking (starts are refused)"), "\(shown)")
        }
        let refused = try await saga("run", "start", "verbs")
        #expect(refused.exitCode == 1 && refused.errors.contains("stocktaking"), "\(refused)")
        for _ in 0..<2 {
            let resumed = try await saga("workflow", "resume", "verbs", "--reason", "counted")
            #expect(resumed.exitCode == 0 && resumed.output == "verbs begins again\n", "\(resumed)")
        }
        #expect(try await saga("workflow", "show", "verbs", "-o", "json").json["paused"] == .null)
        #expect(try await saga("workflow", "resume", "nothing").exitCode == 1)
    }

    @Test(
        "Participants are registered, changed without losing anything, listed, tried and removed, in text and in JSON",
        .timeLimit(.minutes(2)))
    func participants() async throws {
        try await CommandLineSystem.with { system, saga in
            try await system.deployment.startMocks(injectFailure: 0, seed: 1)
            let url = "http://127.0.0.1:\(system.deployment.mocksPort)"
            #expect(try await saga("participant", "list").output == "no participant is registered\n")
            #expect(try await saga("participant", "set", "payments").exitCode == 64)
            let new = try await saga("participant", "set", "payments", url, "--max-concurrent", "7", "--open-for", "5s")
            #expect(new.exitCode == 0 && new.output.hasPrefix("registered\n"), "\(new)")
            let changed = try await saga("participant", "set", "payments", "--failure-threshold", "9", "-o", "json")
            #expect(changed.json["maxConcurrent"] == 7 && changed.json["url"] == .string(url), "\(changed)")
            #expect(changed.json["breaker"]?["failureThreshold"] == 9 && changed.json["breaker"]?["openFor"] == "5s")
            let free = try await saga("participant", "set", "payments", "--max-concurrent", "none", "-o", "json")
            #expect(free.json["maxConcurrent"] == .null && free.json["breaker"]?["openFor"] == "5s", "\(free)")

            // The line of docs/participants.md.
            let page = try Document("docs/participants.md").text
            let line = "saga participant set payments --max-concurrent 20 --rate 50 --burst 10"
            #expect(page.contains(line))
            let limited = try await saga(
                "participant", "set", "payments", "--max-concurrent", "20", "--rate", "50", "--burst", "10", "-o",
                "json")
            #expect(limited.json["maxConcurrent"] == 20, "\(limited)")
            #expect(limited.json["rate"] == ["perSecond": 50, "burst": 10], "\(limited)")
            let slower = try await saga("participant", "set", "payments", "--rate", "0.5", "-o", "json")
            #expect(slower.json["rate"] == ["perSecond": 0.5, "burst": 10] && slower.json["maxConcurrent"] == 20)
            let table = try await saga("participant", "list").output
            #expect(table.contains("PER SECOND") && table.contains("0.5"), "\(table)")
            let text = try await saga("participant", "show", "payments").output
            #expect(text.contains("rate         0.5 calls per second from all engines, 10 at once"), "\(text)")
            let limitless = try await saga(
                "participant", "set", "payments", "--rate", "none", "--max-concurrent", "none")
            #expect(limitless.output.contains("rate         no limit"), "\(limitless)")
            #expect(try await saga("participant", "set", "payments", "--rate", "fast").exitCode == 64)
            #expect(try await saga("participant", "set", "payments", "--rate", "none", "--burst", "2").exitCode == 64)
            #expect(try await saga("participant", "set", "payments", "--burst", "2").exitCode == 64)

            try system.write("key", "Bearer canary\n")
            let plain = try await saga(
                "participant", "set", "payments", "--header-from", "authorization=\(system.path("key"))")
            #expect(plain.exitCode == 1 && plain.errors.contains("${secret:"), "\(plain)")
            try system.write("note", "canary\n")
            let header = "x-note=\(system.path("note"))"
            let secret = try await saga("participant", "set", "payments", "--header-from", header, "-o", "json")
            #expect(secret.json["headerNames"] == ["x-note"] && !secret.output.contains("canary"), "\(secret)")
            let losing = try await saga("participant", "set", "payments", "--no-breaker")
            #expect(losing.exitCode == 64 && losing.errors.contains("x-note"), "\(losing)")
            let kept = try await saga("participant", "show", "payments", "-o", "json")
            #expect(kept.json["breaker"] != false, "what is refused changes nothing")
            let dropped = try await saga(
                "participant", "set", "payments", "--no-breaker", "--drop-headers", "-o", "json")
            #expect(dropped.json["headerNames"] == [] && dropped.json["breaker"] == false, "\(dropped)")
            let nowhere = try await saga("participant", "set", "nowhere", "http://10.1.2.3")
            #expect(nowhere.exitCode == 1 && nowhere.errors.contains("PARTICIPANT_ALLOW"), "\(nowhere)")

            let list = try await saga("participant", "list", "-o", "wide")
            #expect(list.output.contains("payments") && list.output.contains("UPDATED"), "\(list)")
            #expect(try await saga("participant", "list", "-o", "json").json["participants"]?.array?.count == 1)
            #expect(try await saga("participant", "list", "-o", "jsonl").lines.map { $0["name"] } == ["payments"])
            #expect(try await saga("participant", "show", "payments").output.contains("url          \(url)"))
            #expect(try await saga("participant", "show", "nobody").exitCode == 1)
            #expect(try await saga("participant", "pause", "payments").exitCode == 64)
            #expect(try await saga("participant", "pause", "nobody", "--reason", "patch").exitCode == 1)
            let paused = try await saga("participant", "pause", "payments", "--reason", "patch", "-o", "json")
            #expect(paused.exitCode == 0 && paused.json["paused"]?["reason"] == "patch", "\(paused)")
            for shown in [try await saga("participant", "list"), try await saga("participant", "show", "payments")] {
                #expect(shown.output.contains(": patch"), "\(shown)")
            }
            let resumed = try await saga("participant", "resume", "payments")
            #expect(resumed.output == "payments is called again\n", "\(resumed)")
            #expect(try await saga("participant", "resume", "nobody").exitCode == 1)
            try await tryCalls(system, saga)
            try await ofATenant(system, saga, url)
            #expect(try await saga("participant", "delete", "payments", "-o", "json").json["deleted"] == true)
            #expect(try await saga("participant", "delete", "payments").exitCode == 1)
        }
    }

    private func ofATenant(_ system: CommandLineSystem, _ saga: CommandLineSystem.Saga, _ url: String) async throws {
        // Nothing of the shared one is taken over: where it is must be said.
        #expect(try await saga("participant", "set", "payments", "--tenant", "acme").exitCode == 64)
        let new = try await saga(
            "participant", "set", "payments", url, "--tenant", "acme", "--max-concurrent", "3", "-o", "json")
        #expect(new.json["tenant"] == "acme" && new.json["breaker"]?["failureThreshold"] == 5, "\(new)")
        let changed = try await saga("participant", "set", "payments", "--tenant", "acme", "--rate", "2", "-o", "json")
        #expect(changed.json["maxConcurrent"] == 3 && changed.json["rate"]?["perSecond"] == 2, "\(changed)")
        let text = try await saga("participant", "show", "payments", "--tenant", "acme").output
        #expect(text.contains("tenant       acme"), "\(text)")
        #expect(try await saga("participant", "show", "payments").output.contains("tenant       shared by all"))
        let list = try await saga("participant", "list", "--tenant", "acme", "-o", "jsonl").lines
        #expect(list.map { $0["tenant"] } == ["acme"])
        let pause = try await saga("participant", "pause", "payments", "--tenant", "acme", "--reason", "x")
        #expect(pause.exitCode == 0, "\(pause)")
        #expect(try await saga("participant", "show", "payments", "-o", "json").json["paused"] == .null)
        #expect(try await saga("participant", "resume", "payments", "--tenant", "acme").exitCode == 0)
        let key = try await saga("key", "create", "ann", "--tenant", "acme", "--role", "admin", "-o", "json")
        var environment = system.environment
        environment["SAGAFLOW_ADMIN_TOKEN"] = ""
        environment["SAGAFLOW_API_KEY"] = try #require(key.json["key"]?.string)
        let ann = try Tool("saga", environment: environment)
        #expect(try await ann.run(["participant", "show", "payments"]).output.contains("tenant       acme"))
        #expect(try await saga("participant", "delete", "payments", "--tenant", "acme").exitCode == 0)
        let shared = try await ann.run(["participant", "show", "payments"]).output
        #expect(shared == "participant  payments\ntenant       shared by all\n", "\(shared)")
        let untold = try await ann.run(["participant", "try", "payments", "/charge"])
        #expect(untold.exitCode == 64 && untold.errors.contains("--at"), "\(untold)")
        let refused = try await ann.run(["participant", "delete", "payments"])
        #expect(refused.exitCode == 1 && refused.errors.contains("shared by all tenants"), "\(refused)")
    }

    private func tryCalls(_ system: CommandLineSystem, _ saga: CommandLineSystem.Saga) async throws {
        let body = #"{"orderId":"1","amount":5}"#
        let first = try await saga(
            "participant", "try", "payments", "/charge", "--body", body, "--key", "k", "-o", "json")
        #expect(first.exitCode == 0 && first.json["outcome"] == "succeeded" && first.json["status"] == 200, "\(first)")
        let again = try await saga(
            "participant", "try", "payments", "/charge", "--body", body, "--key", "k", "-o", "json")
        #expect(again.json["body"] == first.json["body"] && again.json["body"]?["paymentId"] != nil, "\(again)")
        try system.write("key", "Bearer canary\n")
        let header = "authorization=\(system.path("key"))"
        let text = try await saga("participant", "try", "payments", "/charge", "--body", body, "--header-from", header)
        #expect(text.output.contains("< 200") && text.output.contains("counts this as succeeded"), "\(text)")
        #expect(text.output.contains("authorization: ***") && !text.output.contains("canary"), "\(text)")
        let declined = try await saga("participant", "try", "payments", "/charge", "--body", #"{"amount":900}"#)
        #expect(declined.exitCode == 2 && declined.output.contains("counts this as rejected"), "\(declined)")
        let undone = try await saga("participant", "try", "payments", "/refund", "--compensate", "--key", "never-seen")
        #expect(undone.exitCode == 0, "a compensation of what was never seen succeeds: \(undone)")
        let closed = "http://127.0.0.1:\(try Ports.take())"
        let unsent = try await saga("participant", "try", "payments", "/charge", "--at", closed, "-o", "json")
        #expect(
            unsent.exitCode == 2 && unsent.json["outcome"] == "notSent" && unsent.json["status"] == .null, "\(unsent)")
    }
}
