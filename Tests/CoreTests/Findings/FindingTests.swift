import Core
import Testing

@Suite("What an author may not have meant")
struct FindingTests {
    /// A step that nothing is to be said about.
    private static func step(_ id: String, _ members: JSONObject = [:]) -> JSON {
        var step: JSONObject = [
            "id": .string(id), "action": ["participant": "p", "path": "/do", "body": "none"],
            "compensation": ["participant": "p", "path": "/undo", "body": "none"],
        ]
        for (key, value) in members.members { step[key] = value }
        return .object(step)
    }

    private static func findings(
        _ steps: [JSON], _ members: JSONObject = [:], participants: KnownParticipants? = nil
    ) throws -> [Finding] {
        var definition: JSONObject = ["name": "w", "version": "1.0.0", "steps": .array(steps)]
        for (key, value) in members.members { definition[key] = value }
        return try WorkflowDefinition(.object(definition)).findings(participants)
    }

    private static func summary(_ findings: [Finding]) -> [String] {
        findings.map { "\($0.severity.rawValue) \($0.rule) \($0.pointer)" }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [JSON]
        var members: JSONObject = [:]
        let expected: [String]
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "nothing", steps: [step("a"), step("b")], expected: []),
        Case(
            name: "a signal that may never come",
            steps: [["id": "s", "await": ["signal": "go"]], ["id": "t", "await": ["signal": "go"], "timeout": "2d"]],
            expected: ["warning waits-forever /steps/0/await"]),
        Case(
            name: "a signal for which the run does not wait so long",
            steps: [["id": "s", "await": ["signal": "go"]], ["id": "t", "await": ["signal": "go"], "timeout": "2d"]],
            members: ["timeout": "2d"], expected: ["warning outlives-run /steps/1/timeout"]),
        Case(
            name: "a signal past the pivot, where no deadline ends anything",
            steps: [
                ["id": "p", "wait": ["for": "1s"], "pivot": true], ["id": "s", "await": ["signal": "go"]],
                ["id": "t", "await": ["signal": "go"], "timeout": "2d"],
            ], members: ["timeout": "1d"], expected: ["warning waits-forever /steps/1/await"]),
        Case(
            name: "a compensation that needs what its step answered",
            steps: [
                step(
                    "a",
                    [
                        "compensation": [
                            "participant": "p", "path": "/undo/${steps.a.output.id}",
                            "body": [
                                "id": "${steps.a.output.id}", "ok": "${steps.a.output.id ?? omit}",
                                "s": "${steps.a.status}",
                            ],
                            "headers": ["x-at": "${steps.a.response.headers.location}"],
                        ]
                    ])
            ],
            expected: [
                "warning own-answer /steps/0/compensation/path", "warning own-answer /steps/0/compensation/body/id",
                "warning own-answer /steps/0/compensation/headers/x-at",
            ]),
        Case(
            name: "a path or a header that may have to do without",
            steps: [
                step("a", ["when": ["var": "input.go"]]), step("b", ["onFailure": "continue", "dependsOn": []]),
                step(
                    "c",
                    [
                        "dependsOn": ["a", "b"],
                        "action": [
                            "participant": "p", "path": "/${steps.a.output.id}", "body": ["b": "${steps.b.output.id}"],
                            "headers": ["x-b": "${steps.b.output.id}", "x-a": "${steps.a.output.id ?? \"none\"}"],
                        ],
                    ]),
                step(
                    "d",
                    [
                        "dependsOn": ["a"], "when": ["==": [["var": "steps.a.status"], "SUCCEEDED"]],
                        "action": ["participant": "p", "path": "/${steps.a.output.id}", "body": "none"],
                    ]),
                step(
                    "e",
                    [
                        "dependsOn": ["b"], "runIf": "succeeded",
                        "action": ["participant": "p", "path": "/${steps.b.output.id}", "body": "none"],
                    ]),
            ],
            expected: [
                "error missing-output /steps/2/action/path", "error missing-output /steps/2/action/headers/x-b",
                "warning skipped-output /steps/2/action/path", "warning skipped-output /steps/2/action/body/b",
                "warning skipped-output /steps/2/action/headers/x-b", "warning skipped-output /steps/3/action/path",
                "warning skipped-output /steps/4/action/path",
            ]),
        Case(
            name: "what may be skipped is read, unless something stands in for it",
            steps: [
                step("a", ["when": ["var": "input.go"]]),
                step(
                    "b",
                    [
                        "action": [
                            "participant": "p", "path": "/do",
                            "body": [
                                "x": "${steps.a.output.x}", "y": "${steps.a.output.y ?? 1}", "s": "${steps.a.status}",
                                "z": ["$logic": ["??": [["var": "steps.a.output.z"], 0]]],
                            ],
                        ], "when": ["==": [["var": "steps.a.output.n"], 1]],
                    ]),
            ], members: ["output": "${steps.a.output}"],
            expected: [
                "warning skipped-output /steps/1/when/==/0/var", "warning skipped-output /steps/1/action/body/x",
                "warning skipped-output /output",
            ]),
        Case(
            name: "calls after the end that can't be made after every end, or never are",
            steps: [step("a")],
            members: [
                "onEnd": [
                    ["action": ["participant": "p", "path": "/${steps.a.output.id}/${steps.a.status}"]],
                    [
                        "when": ["var": "steps.a.output"],
                        "action": [
                            "participant": "p", "path": "/${steps.a.output.id}",
                            "headers": ["X-E": "${run.error.kind}"],
                        ],
                    ],
                    [
                        "when": ["==": [["var": "run.status"], "COMPLETED"]],
                        "action": ["participant": "p", "path": "/${steps.a.output.id}"],
                    ],
                    ["when": false, "action": ["participant": "p", "path": "/${run.error ?? 1}/${run.status}"]],
                ]
            ],
            expected: [
                "error missing-output /onEnd/0/action/path", "error missing-output /onEnd/1/action/headers/X-E",
                "warning constant-condition /onEnd/3/when",
            ]),
        Case(
            name: "conditions that are none", steps: [step("a", ["when": true]), step("b", ["when": ["==": [1, 2]]])],
            expected: ["warning constant-condition /steps/0/when", "warning unreachable-step /steps/1/when"]),
        Case(
            name: "a step without undo before, beside and after one that can fail",
            steps: [
                step("a", ["compensation": "none"]),
                .object(["id": "b", "action": ["participant": "p", "path": "/", "body": "none"]]),
                .object(["id": "look", "action": ["participant": "p", "path": "/", "method": "GET"]]),
                .object(["id": "c", "action": ["participant": "p", "path": "/", "body": "none"]]),
                .object([
                    "id": "d", "action": ["participant": "p", "path": "/", "body": "none"], "dependsOn": ["look"],
                ]),
            ],
            expected: ["warning no-undo /steps/1", "warning no-undo /steps/3", "warning no-undo /steps/4"]),
        Case(
            name: "a child that nobody undoes, or that the run does not outlast",
            steps: [
                ["id": "a", "run": ["workflow": "c", "detached": true]],
                ["id": "b", "run": ["workflow": "c", "detached": true], "compensation": "none"],
                ["id": "c", "run": ["workflow": "c"], "timeout": "1h"],
                ["id": "d", "run": ["workflow": "c"], "timeout": "30m"],
            ], members: ["timeout": "1h"],
            expected: ["warning no-undo /steps/0", "warning outlives-run /steps/2/timeout"]),
        Case(
            name: "the last step without undo",
            steps: [step("a"), .object(["id": "b", "action": ["participant": "p", "path": "/", "body": "none"]])],
            expected: ["note no-undo /steps/1"]),
        Case(
            name: "a policy that the run's timeout cuts short",
            steps: [
                step("a", ["retry": ["maxAttempts": 4, "initialInterval": "10s", "multiplier": 1]]),
                step("b", ["retry": ["maxAttempts": 3, "initialInterval": "10s", "multiplier": 1]]),
                step("c", ["retry": ["maxAttempts": "unlimited"]]),
                step("d", ["retry": ["maxAttempts": "unlimited", "maxElapsed": "20s"]]),
            ], members: ["timeout": "25s"],
            expected: ["warning outlives-run /steps/0/action/retry", "warning outlives-run /steps/2/action/retry"]),
        Case(
            name: "a whole input that is sent by default",
            steps: [step("a", ["action": ["participant": "p", "path": "/"]])],
            expected: ["note whole-input /steps/0/action"]),
        Case(
            name: "a prerelease", steps: [step("a")], members: ["version": "1.0.0-rc1"],
            expected: ["note prerelease /version"]),
    ]

    @Test("each rule finds what it is for, and nothing else", arguments: cases)
    func finds(_ given: Case) throws {
        #expect(Self.summary(try Self.findings(given.steps, given.members)) == given.expected)
    }

    @Test("participants that are not registered, and a timeout that ends before a breaker closes")
    func participants() throws {
        let steps = [
            Self.step("a"), Self.step("b", ["action": ["participant": "q", "path": "/", "body": "none"]]),
            Self.step(
                "c",
                [
                    "action": [
                        "participant": ["oneOf": ["p", "x"], "by": "${input.c}"], "path": "/", "body": "none",
                    ]
                ]),
        ]
        let known = KnownParticipants(["p": BreakerPolicy.standard, "q": BreakerPolicy?.none])
        #expect(
            Self.summary(try Self.findings(steps, ["timeout": "30s"], participants: known)) == [
                "warning breaker-outlasts-run /steps/0/action/participant",
                "warning breaker-outlasts-run /steps/2/action/participant",
                "warning unknown-participant /steps/2/action/participant",
            ])
        let patient = try Self.findings(steps, ["timeout": "31s"], participants: known)
        #expect(Self.summary(patient) == ["warning unknown-participant /steps/2/action/participant"])
        #expect(try Self.findings(steps).isEmpty, "nothing is known of them")
        let refused = KnownParticipants(["p": nil, "q": nil, "x": nil], refusals: ["x": "x is private.", "y": "no"])
        let finding = try #require(try Self.findings(steps, participants: refused).first)
        #expect(try Self.findings(steps, participants: refused).count == 1)
        #expect(Self.summary([finding]) == ["warning refused-participant /steps/2/action/participant"])
        #expect(finding.detail == "Calls to x are not sent: x is private.")
    }

    @Test("a wait that the run does not outlast, and what is read of a step that may fail or be left out by an end")
    func passing() throws {
        let wait: JSON = ["id": "rest", "wait": ["for": "1h"]]
        #expect(
            Self.summary(try Self.findings([wait], ["timeout": "1h"])) == ["warning outlives-run /steps/0/wait/for"])
        #expect(try Self.findings([wait], ["timeout": "61m"]).isEmpty)
        let reader = Self.step(
            "b", ["action": ["participant": "p", "path": "/", "body": ["a": "${steps.a.output}"]]])
        #expect(
            Self.summary(try Self.findings([Self.step("a", ["onFailure": "continue"]), reader])) == [
                "warning skipped-output /steps/1/action/body/a"
            ])
        #expect(
            Self.summary(try Self.findings([Self.step("a"), Self.step("c", ["runIf": "succeeded"]), reader])).isEmpty)
        let end: JSON = ["id": "e", "when": ["var": "input.x"], "end": ["as": "completed"]]
        #expect(
            Self.summary(try Self.findings([end, Self.step("a")], ["output": "${steps.a.output}"])) == [
                "warning skipped-output /output"
            ])
        #expect(try Self.findings([Self.step("a"), end], ["output": "${steps.a.output}"]).isEmpty)
    }

    @Test("a finding has a rule, a severity, a place and a sentence")
    func json() throws {
        let finding = try #require(try Self.findings([Self.step("a", ["when": true])]).first)
        #expect(finding.json["rule"] == "constant-condition" && finding.json["severity"] == "warning")
        #expect(finding.json["pointer"] == "/steps/0/when" && finding.json["detail"]?.string?.hasSuffix(".") == true)
    }
}
