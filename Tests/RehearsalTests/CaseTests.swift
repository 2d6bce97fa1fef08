import Core
import Rehearsal
import Testing

@Suite("Cases beside a definition")
struct CaseTests {
    static func definition(_ members: JSONObject = [:]) throws -> WorkflowDefinition {
        var json: JSONObject = [
            "name": "order", "version": "1.0.0", "timeout": "1h",
            "retry": ["maxAttempts": 3, "initialInterval": "10s", "jitter": 0],
            "output": ["paymentId": "${steps.charge.output.id}"],
            "steps": [
                [
                    "id": "charge",
                    "action": ["participant": "payments", "path": "/charge", "body": ["amount": "${input.amount}"]],
                    "compensation": [
                        "participant": "payments", "path": "/refund", "body": ["order": "${input.order}"],
                    ],
                ],
                [
                    "id": "ship", "when": [">": [["var": "input.amount"], 0]],
                    "action": ["participant": "shipping", "path": "/ship/${steps.charge.output.id}", "body": "none"],
                ],
            ],
        ]
        for (key, value) in members.members { json[key] = value }
        return try WorkflowDefinition(.object(json))
    }

    private static func play(_ given: JSON) throws -> [String] {
        try TestCase.all([given], of: try definition(), at: .root)[0].play().failures
    }

    private static func family() throws -> WorkflowDefinition {
        try WorkflowDefinition([
            "name": "trip", "version": "1.0.0", "output": ["seat": "${steps.flight.output.seat}"],
            "steps": [
                ["id": "flight", "run": ["workflow": "flight", "input": ["to": "${input.to}"]], "timeout": "1h"],
                ["id": "pay", "action": ["participant": "p", "path": "/pay", "body": "none"]],
            ],
        ])
    }

    private static func told(_ path: String = "/told/${run.status}") throws -> WorkflowDefinition {
        try definition(["onEnd": [["id": "mail", "action": ["participant": "email", "path": .string(path)]]]])
    }

    @Test(
        "calls after each end come behind it, and have their own answers",
        arguments: [
            [
                "answers": ["charge": [["body": ["id": 1]]], "onEnd:mail": [503, 200]],
                "expect": [
                    "status": "COMPLETED", "calls": ["charge", "ship", "onEnd:mail", "onEnd:mail"],
                    "requests": ["onEnd:mail": ["path": "/told/COMPLETED"]], "takes": "1s",
                ],
            ],
            [
                "undo": true, "answers": ["charge": [["body": ["id": 1]]]],
                "expect": [
                    "status": "COMPENSATED",
                    "calls": ["charge", "ship", "onEnd:mail", "charge:compensate", "onEnd:mail"],
                    "requests": ["onEnd:mail": ["body": ["status": "COMPENSATED", "cause": "UNDO_REQUESTED"]]],
                ],
            ],
            [
                "answers": ["charge": [["body": ["id": 1]]], "onEnd:mail": [422]],
                "expect": ["status": "COMPLETED", "calls": ["charge", "ship", "onEnd:mail"]],
            ],
        ] as [JSON])
    func endCalls(_ given: JSON) throws {
        var given = given
        given["input"] = ["amount": 5, "order": "o"]
        #expect(try TestCase.all([given], of: try Self.told(), at: .root)[0].play().failures == [])
    }

    @Test("a workflow that makes no calls after its end has no answers for them")
    func noEndCalls() {
        #expect(throws: CaseError.self) {
            _ = try TestCase.all(
                [["answers": ["onEnd:mail": [200]], "expect": ["status": "COMPLETED"]]], of: try Self.definition(),
                at: .root)
        }
    }

    @Test(
        "children end as the case says, in no time",
        arguments: [
            [
                "answers": ["flight": [["output": ["seat": "4A"], "after": "30m"]]],
                "expect": ["status": "COMPLETED", "output": ["seat": "4A"], "takes": "31m"],
            ],
            [
                "answers": ["flight": ["CANCELLED"]],
                "expect": ["status": "COMPENSATED", "error": ["stepId": "flight"]],
            ],
            [
                "answers": ["flight": [["after": "2h"]]],
                "expect": ["status": "COMPENSATED", "error": ["kind": "timeout"], "undone": []],
            ],
            [
                "answers": ["pay": [422], "flight:undo": [["after": "1m"]]],
                "expect": ["status": "COMPENSATED", "undone": ["flight"]],
            ],
            ["answers": ["flight": ["FAILED"]], "expect": ["status": "RUNNING", "calls": []]],
        ] as [JSON])
    func children(_ given: JSON) throws {
        #expect(try TestCase.all([given], of: try Self.family(), at: .root)[0].play().failures == [])
    }

    @Test("what no child can end as is refused with its place")
    func childrenRefused() throws {
        for (answers, place) in [
            (["flight": ["RUNNING"]], "/0/answers/flight/0"),
            (["flight": [["staus": "FAILED"]]], "/0/answers/flight/0"),
            (["flight": [["status": 1]]], "/0/answers/flight/0/status"),
        ] as [(JSON, String)] {
            let error = #expect(throws: CaseError.self) {
                try TestCase.all(
                    [["answers": answers, "expect": ["status": "COMPLETED"]]], of: try Self.family(), at: .root)
            }
            #expect(error?.pointer.description == place)
        }
    }

    private static let paid: JSON = ["status": 200, "body": ["id": "p-1"]]

    @Test(
        "what comes of the answers is compared with what is expected",
        arguments: [
            [
                "input": ["amount": 5], "answers": ["charge": [paid]],
                "expect": [
                    "status": "COMPLETED", "calls": ["charge", "ship"], "undone": [], "output": ["paymentId": "p-1"],
                    "cause": nil,
                    "requests": ["charge": ["body": ["amount": 5], "method": "POST"], "ship": ["path": "/ship/p-1"]],
                ],
            ],
            [
                "input": ["amount": 5], "answers": ["charge": [503, "timeout", paid], "ship": [409]],
                "expect": [
                    "status": "COMPENSATED", "cause": "STEP_FAILED",
                    "calls": ["charge", "charge", "charge", "ship", "charge:compensate"], "undone": ["charge"],
                    "error": ["stepId": "ship", "httpStatus": 409],
                ],
            ],
            [
                "input": ["amount": 0], "answers": ["charge": [paid]],
                "expect": ["status": "COMPLETED", "calls": ["charge"]],
            ],
            [
                "input": ["amount": 5], "answers": ["charge": ["lost", "refused", paid]],
                "expect": ["status": "COMPLETED", "calls": ["charge", "charge", "charge", "ship"], "takes": "31s"],
            ],
            [
                "input": ["amount": 5], "answers": ["charge": [["status": 429, "retryAfter": "2m"], paid]],
                "expect": ["status": "COMPLETED", "takes": "121s"],
            ],
            [
                "input": ["amount": 5], "answers": ["charge": [["after": "2h", "body": ["id": "p-1"]]]],
                "expect": ["status": "COMPENSATED", "cause": "DEADLINE_EXCEEDED", "undone": ["charge"]],
            ],
            [
                "input": ["amount": 5], "answers": ["charge": [paid]], "cancelAfter": 1,
                "expect": ["status": "CANCELLED", "undone": ["charge"]],
            ],
            ["input": ["amount": 5], "expect": ["status": "COMPENSATED", "error": ["kind": "template"]]],
        ] as [JSON])
    func passes(_ given: JSON) throws { #expect(try Self.play(given) == []) }

    @Test(
        "each expectation can fail, with a sentence that says what was found",
        arguments: [
            (["status": "COMPENSATED"], "status is \"COMPLETED\", expected \"COMPENSATED\"."),
            (["calls": ["charge"]], "calls is [\"charge\",\"ship\"], expected [\"charge\"]."),
            (["undone": ["charge"]], "undone is [], expected [\"charge\"]."), (["output": 1], "output is"),
            (["cause": "STEP_FAILED"], "cause is null"), (["error": ["kind": "x"]], "error is null"),
            (["requests": ["ship": ["path": "/x"]]], "The request of ship"),
            (["requests": ["charge:compensate": [:]]], "charge:compensate was not called."),
            (["takes": "1ms"], "It took"),
        ] as [(JSON, String)])
    func fails(_ expect: JSON, _ sentence: String) throws {
        let failures = try Self.play(["input": ["amount": 5], "answers": ["charge": [Self.paid]], "expect": expect])
        #expect(failures.count == 1 && failures[0].hasPrefix(sentence), "\(failures)")
    }

    @Test("answers that nobody asked for fail a case: it says something else than it seems to")
    func unused() throws {
        let failures = try Self.play([
            "input": ["amount": 0], "answers": ["charge": [Self.paid, 500], "ship": [200]],
            "expect": ["status": "COMPLETED"],
        ])
        #expect(failures == ["Answers were never asked for: charge (1), ship (1)."])
    }

    @Test(
        "a file that says something else than cases is refused at its place",
        arguments: [
            ([], ""), ([1], "/0"), ([["expect": [:]]], "/0/expect"),
            ([["inputs": 1, "expect": ["status": "FAILED"]]], "/0/inputs"),
            ([["expect": ["state": "x"]]], "/0/expect/state"), ([["expect": ["status": "DONE"]]], "/0/expect/status"),
            ([["answers": ["pay": []], "expect": ["output": 1]]], "/0/answers/pay"),
            ([["answers": ["ship:compensate": []], "expect": ["output": 1]]], "/0/answers/ship:compensate"),
            ([["answers": ["charge": [99]], "expect": ["output": 1]]], "/0/answers/charge/0"),
            ([["answers": ["charge": [["state": 1]]], "expect": ["output": 1]]], "/0/answers/charge/0/state"),
            ([["answers": ["charge": [["after": "x"]]], "expect": ["output": 1]]], "/0/answers/charge/0/after"),
            ([["cancelAfter": -1, "expect": ["output": 1]]], "/0/cancelAfter"),
        ] as [(JSON, String)])
    func refused(_ cases: JSON, _ pointer: String) throws {
        let definition = try Self.definition()
        let error = #expect(throws: CaseError.self) { try TestCase.all(cases, of: definition, at: .root) }
        #expect(error?.pointer.description == pointer)
    }

    @Test("a policy without end needs an answer that ends it")
    func endless() throws {
        let definition = try Self.definition([
            "retry": ["maxAttempts": "unlimited", "initialInterval": "1ms"], "timeout": "30d",
        ])
        var rehearsal = Rehearsal(definition, input: ["amount": 5])
        let error = #expect(throws: RehearsalError.self) {
            while case .call(let call)? = try rehearsal.nextTurn() {
                try rehearsal.answer(call, RehearsedAnswer(.answered(.unknown("No answer."))))
            }
        }
        #expect(error == .endless)
    }
}

@Suite("Cases keep to the input contract, and time is skipped")
struct CaseContractTests {
    @Test("an input that a start would be refused with fails its case")
    func contract() throws {
        let definition = try CaseTests.definition(["inputSchema": ["type": "object", "required": ["amount"]]])
        let cases: JSON = [["input": ["z": 1], "expect": ["status": "COMPLETED"]]]
        let failures = try TestCase.all(cases, of: definition, at: .root)[0].play().failures
        #expect(failures.count == 1 && failures[0].contains("inputSchema"), "\(failures)")
    }

    @Test("a wait takes as long as it says, and nobody waits for it")
    func waiting() throws {
        let steps: JSON = [
            ["id": "rest", "wait": ["for": "2h"]],
            ["id": "a", "action": ["participant": "p", "path": "/", "body": "none"]],
        ]
        let definition = try CaseTests.definition(["steps": steps, "output": 1, "timeout": "3h"])
        let cases: JSON = [
            ["expect": ["status": "COMPLETED", "calls": ["a"], "takes": "121m"]],
            ["expect": ["status": "COMPLETED", "takes": "119m"]],
        ]
        let results = try TestCase.all(cases, of: definition, at: .root).map { $0.play().failures }
        #expect(results[0].isEmpty && results[1].count == 1, "\(results)")
    }
}
