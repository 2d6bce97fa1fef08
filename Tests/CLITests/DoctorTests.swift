@testable import CLI
import Core
import Testing

@Suite("The doctor says what is not well and what to do")
struct DoctorTests {
    private static func states(_ findings: [CLI.Finding]) -> [String] {
        findings.map { "\($0.state.rawValue) \($0.subject)" }
    }

    private static let cluster: JSON = [
        "engines": [
            ["id": "e1", "host": "h1", "version": "1", "alive": true, "clockOffsetMs": 3],
            ["id": "e2", "host": "h2", "version": "1", "alive": true, "clockOffsetMs": .null],
            ["id": "e0", "host": "h0", "version": "0", "alive": false, "clockOffsetMs": 99_999],
        ],
        "liveEngines": 2, "settingsThatDiffer": [], "backlog": 0, "lagMs": 0, "clockOffsetMs": -20,
    ]

    @Test("All is well: nothing is to be done, and engines that are gone count for nothing")
    func well() {
        let findings =
            Diagnosis.readiness(.success(["status": "ready", "warnings": []]))
            + Diagnosis.cluster(.success(Self.cluster))
            + Diagnosis.participants([["name": "p", "engines": []]], named: ["p": "w"])
            + Diagnosis.failedRuns(.success(["runs": [], "nextCursor": .null]))
            + Diagnosis.limits(Samples("starts_waiting 0\n"))
        #expect(findings.allSatisfy { $0.state == .ok && $0.advice == nil }, "\(findings)")
        #expect(Set(findings.map(\.subject)).count == 10, "\(findings)")
    }

    @Test("What is missing fails, Redis only warns, and without Postgres nobody knows of a schema")
    func readiness() {
        func findings(_ missing: [JSON]) -> [String] {
            Self.states(
                Diagnosis.readiness(.failure(.refused(status: 503, problem: ["missing": .array(missing)]))))
        }
        #expect(findings(["postgres"]) == ["fail postgres", "ok redis"])
        #expect(findings(["schema"]) == ["ok postgres", "fail schema", "ok redis"])
        #expect(findings(["redis"]) == ["ok postgres", "ok schema", "warn redis"])
        let warned = Diagnosis.readiness(.success(["warnings": ["No engine lives."]]))
        #expect(Self.states(warned).last == "warn runs")
        #expect(Self.states(Diagnosis.readiness(.failure(.unreachable(url: "u", reason: "r")))) == ["fail ready"])
    }

    @Test("Workflows that are called back, and engines that can't say where")
    func callbacks() {
        func states(_ engines: JSON, _ workflows: [String]) -> [String] {
            Self.states(Diagnosis.callbacks(.success(["engines": engines]), calledBack: workflows))
        }
        let (with, without): (JSON, JSON) = (
            ["alive": true, "host": "a", "hasPublicUrl": true], ["alive": true, "host": "b", "hasPublicUrl": false]
        )
        #expect(states([with, without], []) == [])
        #expect(states([with], ["film"]) == ["ok callbacks"])
        #expect(states([with, without], ["film"]) == ["fail callbacks"])
        // One that is gone, and one of a version that does not say.
        #expect(states([["alive": false, "hasPublicUrl": false], ["alive": true]], ["film"]) == ["ok callbacks"])
    }

    @Test("Engines: none, other versions, other settings, a backlog, wrong clocks")
    func cluster() {
        func states(_ key: String, _ value: JSON) -> [String] {
            var cluster = Self.cluster
            cluster[key] = value
            return Self.states(Diagnosis.cluster(.success(cluster))).filter { !$0.hasPrefix("ok") }
        }
        #expect(states("engines", []) == ["fail engines"])
        #expect(states("settingsThatDiffer", ["PARTICIPANT_ALLOW"]) == ["warn settings"])
        #expect(states("lagMs", 61_000) == ["warn backlog"])
        #expect(states("clockOffsetMs", 5001) == ["warn clocks"] && states("clockOffsetMs", -5001) == ["warn clocks"])
        #expect(states("clockOffsetMs", 5000).isEmpty && states("lagMs", 60_000).isEmpty)
        let mixed: JSON = [
            ["alive": true, "version": "1", "host": "a", "clockOffsetMs": -9000], ["alive": true, "version": "2"],
        ]
        #expect(states("engines", mixed) == ["warn versions", "warn clocks"])
    }

    @Test("Participants: not registered, a breaker open")
    func participants() {
        let open: JSON = [
            "name": "p",
            "engines": [["host": "h", "breaker": "open", "openMs": 900, "failures": 5, "lastError": "No\u{1B} way."]],
        ]
        let findings = Diagnosis.participants([open], named: ["q": "w", "p": "w"])
        #expect(Self.states(findings) == ["fail participants", "warn participants"])
        #expect(findings[0].advice == "saga participant set q http://…")
        #expect(
            findings[1].detail.contains("breaker open, for 900.0 ms more") && !findings[1].detail.contains("\u{1B}"))
    }

    @Test("Limits are warned about before they are reached")
    func limits() {
        let text =
            "# TYPE x gauge\nhttp_server_connections 81\nhttp_server_connections_limit 100\nprocess_open_fds 80\nprocess_max_fds 100\n"
        #expect(Diagnosis.limits(Samples(text)).map(\.detail) == ["81 of 100 connections of clients are taken"])
        #expect(Self.states(Diagnosis.limits(Samples("starts_waiting 3"))) == ["warn limits"])
        #expect(Self.states(Diagnosis.limits(nil)) == ["skip limits"])
    }

    @Test("A token that nobody knows fails; FAILED runs warn")
    func admin() {
        #expect(Diagnosis.refusal(.failure(.refused(status: 401, problem: .null))).state == .fail)
        let findings = Diagnosis.failedRuns(.success(["runs": [["runId": "x"]], "nextCursor": "c"]))
        #expect(findings[0].state == .warn && findings[0].detail == "1 or more wait for a person")
    }

    @Test("The report counts, aligns and keeps advice below its line")
    func report() {
        let report = DoctorReport(findings: [
            Finding(.ok, "api", "answers"), Finding(.fail, "engines", "none", advice: "start one"),
            Finding(.skip, "x", "y"),
        ])
        let lines = report.text(Paint(isOn: false)).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines == [
                "ok    api      answers", "fail  engines  none", "               → start one", "skip  x        y", "",
                "1 ok, 0 warnings, 1 failures",
            ])
        #expect(report.json["fail"] == 1 && report.json["checks"]?[1]?["advice"] == "start one")
    }
}
