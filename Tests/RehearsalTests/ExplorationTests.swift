import Core
import Rehearsal
import Testing

@Suite("Every combination of answers")
struct ExplorationTests {
    private static func explore(
        _ members: JSONObject = [:], answers: [String: [Response]] = ["charge": [answer(["id": "p-1"])]],
        limit: Int = Exploration.defaultLimit
    ) throws -> Exploration {
        Exploration(
            try CaseTests.definition(members), input: ["amount": 5, "order": "o"], answers: answers, limit: limit)
    }

    @Test("the shortest history of each kind of end")
    func ends() throws {
        let exploration = try Self.explore()
        let ends = exploration.examples.filter { !$0.isFinding }
        #expect(
            ends.map(\.what) == [
                "COMPENSATED", "COMPLETED", "FAILED: the compensation of charge gave up",
            ])
        #expect(ends[0].history == ["charge rejected"])
        #expect(ends[1].history == ["charge succeeded", "ship succeeded"])
        #expect(ends[2].history == ["charge unanswered 3 times", "charge:compensate rejected"])
        #expect(!exploration.isCut && exploration.states > 10)
    }

    @Test("what is accepted succeeds, is refused, or is never heard of again")
    func callbacks() throws {
        let call: JSON = ["participant": "p", "path": "/", "body": "none"]
        var later = call
        later["completion"] = ["callback": ["timeout": "1h"]]
        later["retry"] = ["maxAttempts": 1]
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [["id": "a", "action": later, "compensation": call]],
        ])
        let accepted = Response(status: 202, body: [])
        let exploration = Exploration(definition, input: [:], answers: ["a": [accepted]])
        let examples = exploration.examples
        let told = Set(examples.filter { !$0.isFinding }.map { "\($0.what): \($0.history.joined(separator: ", "))" })
        #expect(told.isSuperset(of: ["COMPLETED: a accepted, a:callback succeeded"]), "\(told)")
        #expect(told.contains("COMPENSATED: a rejected"))
        #expect(exploration.states > 4, "it may never be heard of again")
        func play(_ callbacks: JSON, _ expect: JSON) throws -> [String] {
            let json: JSON = ["answers": ["a": [202], "a:callback": callbacks], "expect": expect]
            return try TestCase.all([json], of: definition, at: .root)[0].play().failures
        }
        #expect(try play([["output": ["n": 1], "after": "30m"]], ["status": "COMPLETED", "output": ["n": 1]]) == [])
        #expect(
            try play([["outcome": "rejected", "error": "No."]], ["error": ["response": "No."], "undone": []]) == [])
        #expect(
            try play(
                ["nothing"], ["status": "COMPENSATED", "undone": ["a"], "error": ["kind": "timeout"], "takes": "61m"])
                == [])
        #expect(throws: CaseError.self) { try play([["outcome": "maybe"]], ["status": "COMPLETED"]) }
    }

    @Test("a look finds that the work is done, as cases know it, that it has failed, or never an end")
    func looks() throws {
        let call: JSON = ["participant": "p", "path": "/", "body": "none"]
        var later = call
        later["completion"] = [
            "poll": [
                "path": "/jobs/${response.body.job}", "every": "10s", "timeout": "1h",
                "succeededWhen": ["==": [["var": "response.body.state"], "done"]],
                "failedWhen": ["==": [["var": "response.body.state"], "failed"]],
            ]
        ]
        later["retry"] = ["maxAttempts": 1]
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [["id": "a", "action": later, "compensation": call]],
        ])
        let accepted = Response(status: 202, body: Array(#"{"job":1}"#.utf8))
        let done = Response(status: 200, body: Array(#"{"state":"done"}"#.utf8))
        let busy = Response(status: 200, body: Array(#"{"state":"busy"}"#.utf8))
        let exploration = Exploration(definition, input: [:], answers: ["a": [accepted], "a:poll": [busy, done]])
        let told = Set(
            exploration.examples.filter { !$0.isFinding }.map { "\($0.what): \($0.history.joined(separator: ", "))" })
        #expect(told.contains("COMPLETED: a accepted, a:poll succeeded"), "\(told)")
        #expect(exploration.states > 4 && !exploration.isCut, "it may never find an end")
        func play(_ looks: JSON, _ expect: JSON) throws -> [String] {
            let json: JSON = [
                "answers": ["a": [["status": 202, "body": ["job": 1]]], "a:poll": looks], "expect": expect,
            ]
            return try TestCase.all([json], of: definition, at: .root)[0].play().failures
        }
        let completed: JSON = ["status": "COMPLETED", "output": ["state": "done"], "takes": "41s"]
        #expect(try play([["body": ["state": "busy"]], 500, "lost", ["body": ["state": "done"]]], completed) == [])
        #expect(try play([["body": ["state": "failed"]]], ["undone": [], "error": ["kind": "rejected"]]) == [])
        let endless: JSON = ["status": "COMPENSATED", "undone": ["a"], "error": ["kind": "timeout"], "takes": "61m"]
        #expect(try play(["nothing"], endless) == [] && play([], endless) == [])
        #expect(throws: CaseError.self) { try play(["never"], ["status": "COMPLETED"]) }
    }

    @Test("a signal comes, of each kind that is known, or it does not")
    func signals() throws {
        func steps(_ members: JSONObject) -> JSON {
            var awaited: JSONObject = ["id": "s", "await": ["signal": "go", "where": ["var": "payload.known"]]]
            for (key, value) in members.members { awaited[key] = value }
            return [
                .object(awaited),
                ["id": "no", "when": ["!": [["var": "steps.s.output.ok"]]], "end": ["as": "failed"]],
            ]
        }
        func explore(_ members: JSONObject, _ signals: [JSON]) throws -> [Exploration.Example] {
            let definition = try WorkflowDefinition(["name": "w", "version": "1.0.0", "steps": steps(members)])
            return Exploration(definition, input: [:], answers: [:], signals: ["s": signals]).examples
        }
        let known: [JSON] = [["known": true, "ok": true], ["known": true, "ok": false], ["ok": true]]
        let bounded = try explore(["timeout": "1h"], known)
        #expect(
            Set(bounded.map { "\($0.what): \($0.history.joined(separator: ", "))" }) == [
                #"COMPLETED: s gets {"known":true,"ok":true}"#, #"COMPENSATED: s gets {"known":true,"ok":false}"#,
            ])
        let endless = try explore([:], [["ok": true]])
        #expect(endless.map(\.what) == ["s waits for the signal go, for ever if it does not come"])
        #expect(endless[0].isFinding && endless[0].history == ["s gets nothing"])
    }

    @Test("a child ends in each way that it can, and is undone or not")
    func children() throws {
        let steps: JSON = [
            ["id": "kid", "run": ["workflow": "c"]], ["id": "b", "action": ["participant": "p", "path": "/"]],
        ]
        let definition = try WorkflowDefinition(["name": "w", "version": "1.0.0", "steps": steps])
        let found = Exploration(definition, input: [:], answers: [:], outputs: ["kid": [["n": 1]]]).examples
        let quiet = found.filter { !$0.isFinding }
        #expect(
            Set(quiet.map { "\($0.what): \($0.history.joined(separator: ", "))" }) == [
                "COMPLETED: kid COMPLETED, b succeeded", "COMPENSATED: kid COMPENSATED",
                "kid waits for its child, which FAILED and needs a person: kid FAILED",
            ])
        let detached: JSON = [
            ["id": "kid", "run": ["workflow": "c", "detached": true]], ["id": "no", "end": ["as": "failed"]],
        ]
        let loose = try WorkflowDefinition(["name": "w", "version": "1.0.0", "steps": detached])
        #expect(Exploration(loose, input: [:], answers: [:]).examples.map(\.what) == ["COMPENSATED"])
    }

    @Test("an effect that nobody undoes, and the answers that lead to it")
    func effects() throws {
        let findings = try Self.explore().examples.filter(\.isFinding)
        let ship = try #require(findings.first)
        #expect(ship.what.contains("The effect of ship stands") && ship.what.contains("no compensation"))
        #expect(
            ship.history == ["charge succeeded", "ship unanswered 3 times", "charge:compensate succeeded"])
        #expect(findings.count == 1)
        let steps: JSON = [
            ["id": "a", "action": ["participant": "p", "path": "/", "body": "none"], "compensation": "none"],
            ["id": "b", "action": ["participant": "p", "path": "/", "method": "GET"]],
        ]
        let quiet = try Self.explore(["steps": steps, "output": 1])
        #expect(quiet.examples.filter(\.isFinding).isEmpty)
    }

    @Test("a compensation that can't be built from what is known")
    func unbuildable() throws {
        let steps: JSON = [
            [
                "id": "charge", "action": ["participant": "p", "path": "/", "body": "none"],
                "compensation": ["participant": "p", "path": "/undo/${steps.charge.output.id}", "body": "none"],
            ]
        ]
        let findings = try Self.explore(["steps": steps, "output": 1]).examples.filter(\.isFinding)
        #expect(findings.count == 1 && findings[0].what.contains("The compensation of charge can't be built"))
        #expect(
            findings[0].history == [
                "charge unanswered 3 times", "charge:compensate can't be built",
            ])
    }

    @Test("a call after the end that can't be built after one of the ends")
    func endCalls() throws {
        let call: JSON = ["participant": "p", "path": "/${steps.charge.output.id}/${run.status}", "body": "none"]
        let examples = try Self.explore(["onEnd": [["id": "mail", "action": call]]]).examples
        let findings = examples.filter { $0.isFinding && $0.what.hasPrefix("After ") }.map(\.what)
        #expect(findings.count == 2)
        for (finding, status) in zip(findings, ["COMPENSATED", "FAILED"]) {
            #expect(
                finding.hasPrefix("After \(status) a call can't be built from what is known: onEnd:mail: steps.charge"))
        }
    }

    private static func answer(_ body: JSON, _ headers: [String: String] = [:]) -> Response {
        Response(status: 200, body: body.bytes, contentType: "application/json", headers: headers)
    }

    @Test("a participant that says no by content has done nothing, and a location that it answers is followed")
    func judged() throws {
        let steps: JSON = [
            [
                "id": "charge",
                "action": [
                    "participant": "p", "path": "/", "body": "none",
                    "rejectWhen": ["===": [["var": "response.body"], false]],
                ], "compensation": ["participant": "p", "path": "/undo", "body": "none"],
            ],
            [
                "id": "ship",
                "action": [
                    "participant": "p", "path": "${steps.charge.response.headers.location}", "body": "none",
                ], "compensation": "none",
            ],
        ]
        let refused = try Self.explore(["steps": steps, "output": 1], answers: ["charge": [Self.answer(false)]])
        #expect(refused.examples.filter(\.isFinding).isEmpty, "\(refused.examples)")
        #expect(refused.examples.first?.history == ["charge rejected"])
        let located = try Self.explore(
            ["steps": steps, "output": 1], answers: ["charge": [Self.answer(true, ["location": "/ships/1"])]])
        #expect(located.examples.contains { $0.what == "COMPLETED" }, "\(located.examples)")
    }

    @Test("an effect that stands although its step gave up and the run went on")
    func leftBehind() throws {
        let steps: JSON = [
            ["id": "mail", "onFailure": "continue", "action": ["participant": "p", "path": "/", "body": "none"]],
            ["id": "rest", "wait": ["for": "10m"]],
        ]
        let findings = try Self.explore(["steps": steps, "output": 1], answers: [:]).examples.filter(\.isFinding)
        #expect(findings.map(\.what) == ["The effect of mail stands, although it gave up and the run went on."])
        #expect(findings.first?.history == ["mail unanswered 3 times"])
    }

    @Test("a limit that is reached is said")
    func limit() throws {
        #expect(try Self.explore(limit: 5).isCut)
    }
}
