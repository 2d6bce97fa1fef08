import Core
import TestSupport
import Testing

@Suite("saga tenant against a real stack")
struct TenantVerbTests {
    @Test(
        "A tenant is made, changed without losing anything, shown and listed, and feels its limits",
        .timeLimit(.minutes(2)))
    func life() async throws {
        try await CommandLineSystem.with { system, saga in
            #expect(try await saga("tenant", "list").output == "no tenant has been made\n")
            #expect(try await saga("tenant", "show", "acme").exitCode == 1)
            let made = try await saga(
                "tenant", "set", "acme", "--weight", "200", "--limit", "startsPerSecond=50", "--limit", "liveRuns=1")
            #expect(made.exitCode == 0 && made.output.hasPrefix("made\n"), "\(made)")
            let changed = try await saga("tenant", "set", "acme", "--limit", "startsPerSecond=none", "-o", "json")
            #expect(changed.json["weight"] == 200 && changed.json["limits"] == ["liveRuns": 1], "\(changed)")
            try system.write(
                "one.json",
                #"{"name":"one","version":"1.0.0","steps":[{"id":"a","wait":{"for":"1h"}}]}"#)
            #expect(try await saga("workflow", "apply", system.path("one.json")).exitCode == 0)
            let first = try await saga(
                "run", "start", "one", "--context", #"{"tenantId":"acme"}"#, "--priority", "9", "-o", "json")
            #expect(first.exitCode == 0, "\(first)")
            let run = try await saga("run", "get", first.json["runId"]?.string ?? "", "-o", "json")
            #expect(run.json["run"]?["priority"] == 9, "\(run)")
            let second = try await saga("run", "start", "one", "--context", #"{"tenantId":"acme"}"#)
            #expect(second.exitCode == 1 && second.errors.contains("liveRuns"), "\(second)")
            #expect(try await saga("run", "start", "one").exitCode == 0, "others don't feel it")
            let shown = try await saga("tenant", "show", "acme")
            #expect(shown.output.contains("1 live runs") && shown.output.contains("liveRuns=1"), "\(shown)")
            let suspended = try await saga("tenant", "set", "acme", "--state", "suspended", "-o", "json")
            #expect(suspended.json["state"] == "suspended" && suspended.json["limits"] == ["liveRuns": 1])
            let listed = try await saga("tenant", "list")
            #expect(listed.output.contains("acme") && listed.output.contains("suspended"), "\(listed)")
            for wrong in ["liveRuns", "liveRuns=many", "runs=1"] {
                #expect(try await saga("tenant", "set", "acme", "--limit", wrong).exitCode == 64)
            }
            #expect(try await saga("tenant", "set", "acme", "--state", "gone").exitCode == 1)
        }
    }
}
