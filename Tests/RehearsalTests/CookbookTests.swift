import Core
import Foundation
import Rehearsal
import Testing

/// The definitions of docs/cookbook.md end as the page says.
@Suite("The cookbook")
struct CookbookTests {
    private static let cases: [String: JSON] = [
        "pay-somehow": [
            [
                "input": ["amount": 5],
                "expect": ["status": "COMPLETED", "calls": ["card"], "output": ["paidBy": "card"]],
            ],
            [
                "input": ["amount": 5], "answers": ["card": [422]],
                "expect": [
                    "status": "COMPLETED", "calls": ["card", "invoice"], "undone": [], "output": ["paidBy": "invoice"],
                ],
            ],
            [
                "input": ["amount": 5], "answers": ["card": ["timeout", "timeout"]],
                "expect": ["calls": ["card", "card", "card:compensate", "invoice"], "undone": ["card"]],
            ],
        ],
        "approved-purchase": [
            [
                "input": ["sku": "a"], "answers": ["decision": [["payload": ["approved": true], "after": "47h"]]],
                "expect": ["status": "COMPLETED", "calls": ["reserve", "buy"]],
            ],
            [
                "input": ["sku": "a"],
                "answers": ["decision": [["payload": ["approved": false, "reason": "Too dear."]]]],
                "expect": [
                    "status": "COMPENSATED", "undone": ["reserve"], "error": ["kind": "ended", "message": "Too dear."],
                ],
            ],
            [
                "input": ["sku": "a"], "answers": ["decision": ["nothing"]],
                "expect": ["status": "COMPENSATED", "undone": ["reserve"], "error": ["kind": "timeout"]],
            ],
        ],
        "claim-review": [
            [
                "input": ["claim": 7],
                "answers": ["answer": [["payload": ["verdict": "paid"], "after": "2h"]]],
                "expect": ["status": "COMPLETED", "calls": ["assign"], "output": ["verdict": "paid"]],
            ],
            [
                "input": ["claim": 7], "answers": ["answer": ["nothing"]],
                "expect": [
                    "status": "COMPLETED", "calls": ["assign", "remind", "escalate"],
                    "output": ["verdict": "escalated"],
                ],
            ],
        ],
        "convert": [
            [
                "input": ["file": "a"],
                "answers": [
                    "convert": [["status": 202, "body": ["id": 7]]],
                    "convert:poll": [["body": ["state": "running"]], ["body": ["state": "done"]]],
                ],
                "expect": ["status": "COMPLETED", "calls": ["convert"]],
            ],
            [
                "input": ["file": "a"],
                "answers": [
                    "convert": [["status": 202, "body": ["id": 7]]], "convert:poll": [["body": ["state": "torn"]]],
                ],
                "expect": ["status": "COMPENSATED", "undone": []],
            ],
        ],
        "reserve-lines": [
            [
                "input": ["lines": [["sku": "a", "quantity": 1], ["sku": "b", "quantity": 2]]],
                "answers": ["line": [["body": ["id": 1]], ["body": ["id": 2]]]],
                "expect": ["status": "COMPLETED", "requests": ["confirm": ["body": ["reservations": [1, 2]]]]],
            ],
            [
                "input": ["lines": [["sku": "a", "quantity": 1], ["sku": "b", "quantity": 2]]],
                "answers": ["line[1]": [409]], "expect": ["status": "COMPENSATED", "undone": ["line[0]"]],
            ],
        ],
        "parcels": [
            [
                "input": ["amount": 5, "parcels": [["address": "x", "weight": 1], ["address": "y", "weight": 2]]],
                "answers": ["parcel": [["output": ["trackingId": "t1"]], ["output": ["trackingId": "t2"]]]],
                "expect": ["status": "COMPLETED", "output": ["tracking": ["t1", "t2"]]],
            ],
            [
                "input": ["amount": 5, "parcels": [["address": "x", "weight": 1], ["address": "y", "weight": 2]]],
                "answers": ["parcel[1]": ["COMPENSATED"]],
                "expect": ["status": "COMPENSATED", "undone": ["parcel[0]", "pay"]],
            ],
        ],
        "told-order": [
            [
                "input": ["amount": 5, "address": "x", "email": "ann@example.org"],
                "expect": [
                    "status": "COMPLETED", "calls": ["charge", "ship", "onEnd:customer"],
                    "requests": ["onEnd:customer": ["body": ["to": "ann@example.org", "outcome": "COMPLETED"]]],
                ],
            ],
            [
                "input": ["amount": 5, "address": "x"], "answers": ["ship": [422], "charge:compensate": [422]],
                "expect": [
                    "status": "FAILED",
                    "calls": ["charge", "ship", "charge:compensate", "onEnd:customer", "onEnd:desk"],
                ],
            ],
        ],
        "returnable-order": [
            ["input": ["amount": 5, "address": "x"], "expect": ["status": "COMPLETED", "undone": []]],
            [
                "input": ["amount": 5, "address": "x"], "undo": true,
                "expect": ["status": "COMPENSATED", "cause": "UNDO_REQUESTED", "undone": ["ship", "charge"]],
            ],
        ],
    ]

    @Test("each definition is there, and its cases pass")
    func play() throws {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/cookbook.md").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let examples = try text.components(separatedBy: "```json\n").dropFirst().map { part in
            try JSON(parsing: Array(part.components(separatedBy: "\n```")[0].utf8))
        }
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
