import Core
import Foundation
import Rehearsal
import Testing

/// The whole definitions of docs/definitions.md do what the page says of them.
@Suite("Whole definitions in docs/definitions.md")
struct DefinitionExampleTests {
    private static let cases: [String: JSON] = [
        "refund": [
            ["input": ["orderId": "o-17", "amount": 12.5], "expect": ["status": "COMPLETED", "calls": ["refund"]]]
        ],
        "book": [
            [
                "input": ["card": ["number": "4111"], "travellers": [["passport": "C01"]]],
                "answers": ["charge": [["body": ["token": "t1"]]]],
                "expect": [
                    "status": "COMPLETED", "calls": ["charge"], "output": ["token": "t1"],
                    "requests": ["charge": ["body": ["card": ["number": "4111"]]]],
                ],
            ]
        ],
        "reminder": [
            [
                "input": ["email": "ann@example.org"],
                "expect": ["status": "COMPLETED", "calls": ["invite", "remind"], "takes": "2881m"],
            ],
            ["answers": ["invite": [422]], "expect": ["status": "COMPENSATED", "calls": ["invite"], "undone": []]],
        ],
        "order-told": [
            [
                "input": ["amount": 5, "address": "x"], "answers": ["ship": [["body": ["tracking": "t1"]]]],
                "expect": [
                    "status": "COMPLETED", "calls": ["charge", "ship", "onEnd:mail"],
                    "requests": ["onEnd:mail": ["path": "/orders/COMPLETED", "body": ["tracking": "t1", "why": nil]]],
                ],
            ],
            [
                "input": ["amount": 5, "address": "x"],
                "answers": ["ship": [422], "charge:compensate": [422], "onEnd:ticket": [503, 503, 503, 503, 200]],
                "expect": [
                    "status": "FAILED",
                    "calls": [
                        "charge", "ship", "charge:compensate", "onEnd:mail", "onEnd:ticket", "onEnd:ticket",
                        "onEnd:ticket",
                        "onEnd:ticket", "onEnd:ticket",
                    ],
                    "requests": ["onEnd:ticket": ["body": ["status": "FAILED", "error": ["kind": "compensation"]]]],
                ],
            ],
        ],
        "journey": [
            [
                "input": ["to": "LIS"], "answers": ["flight": [["output": ["seat": "4A"], "after": "30m"]]],
                "expect": ["status": "COMPLETED", "calls": ["pay"], "output": ["seat": "4A"], "takes": "31m"],
            ],
            [
                "input": ["to": "LIS"], "answers": ["pay": [422]],
                "expect": ["status": "COMPENSATED", "undone": ["flight"], "error": ["stepId": "pay"]],
            ],
            [
                "input": ["to": "LIS"], "answers": ["flight": [["after": "2h"]]],
                "expect": ["status": "COMPENSATED", "calls": [], "error": ["kind": "timeout"]],
            ],
        ],
        "film": [
            [
                "input": ["film": "a"],
                "answers": ["render": [202], "render:callback": [["output": ["url": "u"], "after": "30m"]]],
                "expect": ["status": "COMPLETED", "calls": ["render"], "output": ["film": "u"], "takes": "31m"],
            ],
            [
                "input": ["film": "a"], "answers": ["render": [202], "render:callback": [["outcome": "rejected"]]],
                "expect": ["status": "COMPENSATED", "calls": ["render"], "undone": []],
            ],
            [
                "input": ["film": "a"],
                "answers": [
                    "render": [202, 202, 202], "render:callback": ["nothing", "nothing", "nothing"],
                ],
                "expect": ["status": "COMPENSATED", "undone": ["render"], "error": ["kind": "timeout"]],
            ],
        ],
        "print": [
            [
                "input": ["book": "a"],
                "answers": [
                    "print": [["status": 202, "body": ["id": 7], "retryAfter": "30s"]],
                    "print:poll": [
                        ["body": ["state": "waiting"]], 503, 404, ["body": ["state": "printed", "copies": 3]],
                    ],
                ],
                "expect": [
                    "status": "COMPLETED", "calls": ["print"], "output": ["copies": 3], "takes": "2m",
                ],
            ],
            [
                "input": ["book": "a"],
                "answers": [
                    "print": [["status": 202, "body": ["id": 7]]], "print:poll": [["body": ["state": "torn"]]],
                ],
                "expect": ["status": "COMPENSATED", "undone": [], "error": ["kind": "rejected"]],
            ],
            [
                "input": ["book": "a"],
                "answers": [
                    "print": [
                        ["status": 202, "body": ["id": 7]], ["status": 202, "body": ["id": 7]],
                        ["status": 202, "body": ["id": 7]],
                    ], "print:poll": [410, "nothing", "lost", 500],
                ],
                "expect": ["status": "COMPENSATED", "undone": ["print"], "error": ["kind": "timeout"]],
            ],
        ],
        "expense": [
            [
                "input": ["amount": 90, "approvers": ["eve"]],
                "answers": [
                    "approval": [
                        ["payload": ["by": "mallory", "approved": true]],
                        ["payload": ["by": "eve", "approved": true], "after": "1d"],
                    ]
                ],
                "expect": ["status": "COMPLETED", "calls": ["hold", "pay"], "takes": "1441m"],
            ],
            [
                "input": ["amount": 90, "approvers": ["eve"]],
                "answers": ["approval": [["payload": ["by": "eve", "approved": false]]]],
                "expect": [
                    "status": "COMPENSATED", "undone": ["hold"],
                    "error": ["kind": "ended", "message": "eve said no.", "stepId": "refused"],
                ],
            ],
            [
                "input": ["amount": 90, "approvers": ["eve"]], "answers": ["approval": ["nothing"]],
                "expect": [
                    "status": "COMPENSATED", "undone": ["hold"], "error": ["kind": "timeout", "stepId": "approval"],
                    "takes": "2881m",
                ],
            ],
        ],
        "order-with-stock": [
            [
                "input": ["sku": "book"], "answers": ["check": [["body": ["free": 2]]]],
                "expect": ["status": "COMPLETED", "calls": ["check", "reserve"]],
            ],
            [
                "input": ["sku": "book"], "answers": ["check": [["body": ["free": 0]]]],
                "expect": [
                    "status": "COMPENSATED", "calls": ["check"],
                    "error": ["kind": "ended", "message": "book is sold out.", "stepId": "sold-out"],
                ],
            ],
        ],
        "trip": [
            [
                "input": ["city": "Rome", "flight": "f-1"],
                "answers": [
                    "hotel": [["body": ["id": 1]]], "ticket": [["body": ["no": 7]]], "mail": [503, 503, 503, 503],
                ],
                "expect": [
                    "status": "COMPLETED", "calls": ["hotel", "ticket", "mail", "mail", "mail", "mail", "mail"],
                    "requests": ["mail": ["body": ["ticket": ["no": 7]]]],
                ],
            ],
            [
                "input": ["city": "Rome", "flight": "f-1"], "answers": ["ticket": [422]],
                "expect": ["status": "COMPENSATED", "undone": ["hotel"]],
            ],
            [
                "input": ["city": "Rome", "flight": "f-1"], "answers": ["mail": [422]],
                "expect": ["status": "RUNNING", "undone": []],
            ],
            [
                "input": ["city": "Rome", "flight": "f-1"], "cancelAfter": 1,
                "expect": ["status": "COMPLETED", "undone": []],
            ],
        ],
        "order-lines": [
            [
                "input": ["lines": [["sku": "a"], ["sku": "b"], ["sku": "c"]]],
                "answers": [
                    "reserve": [["body": ["id": "r1"]], ["body": ["id": "r2"]]], "reserve[2]": [["body": ["id": "r3"]]],
                ],
                "expect": [
                    "status": "COMPLETED", "calls": ["reserve[0]", "reserve[1]", "reserve[2]", "confirm"],
                    "requests": [
                        "reserve[1]": ["body": ["sku": "b", "line": 1]],
                        "confirm": ["body": ["reservations": ["r1", "r2", "r3"]]],
                    ],
                ],
            ],
            [
                "input": ["lines": [["sku": "a"], ["sku": "b"]]],
                "answers": [
                    "reserve[0]": [["body": ["id": "r1"]]], "reserve[1]": [["body": ["id": "r2"]]], "confirm": [422],
                ],
                "expect": [
                    "status": "COMPENSATED", "undone": ["reserve[0]", "reserve[1]"],
                    "requests": ["reserve[0]:compensate": ["path": "/reservations/r1/cancel"]],
                ],
            ],
            [
                "input": ["lines": "many"],
                "expect": ["status": "COMPENSATED", "error": ["kind": "list"], "calls": []],
            ],
        ],
        "two-carriers": [
            ["input": ["orderId": "o-1"], "expect": ["status": "COMPLETED", "calls": ["dhl"]]],
            [
                "input": ["orderId": "o-1"], "answers": ["dhl": ["timeout", 422]],
                "expect": [
                    "status": "COMPLETED", "calls": ["dhl", "dhl", "dhl:compensate", "ups"], "undone": ["dhl"],
                    "requests": ["ups": ["body": ["orderId": "o-1", "because": "The participant answered 422."]]],
                ],
            ],
            [
                "input": ["orderId": "o-1"], "answers": ["dhl": ["timeout", 422], "dhl:compensate": [422]],
                "expect": ["status": "FAILED", "calls": ["dhl", "dhl", "dhl:compensate"], "cause": "STEP_FAILED"],
            ],
        ],
    ]

    @Test("each is there, and its cases pass")
    func play() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/definitions.md").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let examples = try text.components(separatedBy: "```json\n").dropFirst().map { part in
            try JSON(parsing: Array(part.components(separatedBy: "\n```")[0].utf8))
        }.filter { $0["steps"] != nil }
        #expect(Set(examples.compactMap { $0["name"]?.string }) == Set(Self.cases.keys))
        for example in examples {
            let definition = try WorkflowDefinition(example)
            guard let cases = Self.cases[definition.name] else { continue }
            for given in try TestCase.all(cases, of: definition, at: .root) {
                let (failures, rehearsal) = given.play()
                #expect(failures.isEmpty, "\(definition.name), \(given.name): \(failures) \(rehearsal.history)")
            }
        }
    }
}
