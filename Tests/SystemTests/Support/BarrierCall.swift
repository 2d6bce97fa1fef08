import Core

/// One call in a table of cases: what the barrier says to it, and how it ends.
struct BarrierCall: Sendable {
    /// How the participant ends the transaction of a call that is to be done.
    enum End: Sendable {
        /// With this answer.
        case answer(Int, String)
        /// It crashed, or could not.
        case rollback
    }

    let step: String
    let action: String
    /// Nil: it is not to be done.
    var end: End?
    /// What it is answered without being done.
    var status = 0
    var answer = ""

    /// The row of the barrier: whether it is to be done, and what to answer if not.
    var expected: String { end == nil ? "no \(status) \(answer)" : "go" }

    static func done(_ step: String, _ action: String, _ end: End) -> BarrierCall {
        BarrierCall(step: step, action: action, end: end)
    }

    static func told(_ step: String, _ action: String, _ status: Int, _ answer: String) -> BarrierCall {
        BarrierCall(step: step, action: action, status: status, answer: answer)
    }

    static let undone = #"{"detail": "This action has been undone."}"#
    static let nothing = #"{"detail": "There was nothing to undo."}"#

    /// One after the other, on one run. The answers are kept as they were written.
    static let cases = [
        done("a", "execute", .answer(200, #"{"b": 1, "a": 1.50}"#)), told("a", "execute", 200, #"{"b": 1, "a": 1.50}"#),
        done("a", "compensate", .answer(200, "{}")), told("a", "compensate", 200, "{}"),
        told("a", "execute", 409, undone),
        // An undo before its action.
        told("b", "compensate", 200, nothing), told("b", "execute", 409, undone), told("b", "compensate", 200, nothing),
        // A refusal is remembered, and is nothing to undo.
        done("c", "execute", .answer(422, #"{"detail": "no"}"#)), told("c", "execute", 422, #"{"detail": "no"}"#),
        told("c", "compensate", 200, nothing), told("c", "execute", 409, undone),
        // What was rolled back is as if it had not come.
        done("d", "execute", .rollback), done("d", "execute", .answer(200, "{}")),
        done("d", "compensate", .rollback), told("d", "execute", 200, "{}"),
        done("d", "compensate", .answer(200, "{}")),
        done("e", "execute", .rollback), told("e", "compensate", 200, nothing),
    ]

    /// Two at the same time, each on a step of its own: the first is at work when the second comes.
    static let races: [(first: BarrierCall, second: BarrierCall)] = [
        (done("r1", "execute", .answer(200, "{}")), told("r1", "execute", 200, "{}")),
        (done("r2", "execute", .rollback), done("r2", "execute", .rollback)),
        // The undo of what is at work waits for it, and then has something to undo, or not.
        (done("r3", "execute", .answer(200, "{}")), done("r3", "compensate", .rollback)),
        (done("r4", "execute", .rollback), told("r4", "compensate", 200, nothing)),
        (done("r5", "execute", .answer(422, "{}")), told("r5", "compensate", 200, nothing)),
    ]
}
