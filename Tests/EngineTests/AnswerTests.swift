import Core
@testable import Engine
import Storage
import Testing
import TestSupport

@Suite("Answers that can't be read build no calls", .timeLimit(.minutes(2)))
struct AnswerTests {
    /// `charge`, undone with what it answered, and `ship`, which is refused.
    private static func shop(_ members: JSONObject = [:]) throws -> WorkflowDefinition {
        var charge: JSONObject = ["participant": "demo", "path": "/charge"]
        for (key, value) in members.members { charge[key] = value }
        return try .sample(
            name: "shop",
            steps: [
                [
                    "id": "charge", "action": .object(charge),
                    "compensation": [
                        "participant": "demo", "path": "/refund",
                        "body": ["paymentId": "${steps.charge.output.paymentId}"],
                    ],
                ],
                ["id": "ship", "action": ["participant": "demo", "path": "/ship"]],
            ], maxAttempts: 2)
    }

    private static func answering(_ charge: String) -> TestParticipant.Answer {
        { $0.path == "/charge" ? (200, charge) : $0.path == "/ship" ? (409, "") : (200, "{}") }
    }

    private static func paths(_ stage: Stage) -> [String] { stage.participant.calls.map(\.path) }

    @Test("an answer that says JSON and is none: it is told, nothing is undone with what it hides, also not on a retry")
    func notUnderstood() async throws {
        let shop = try Self.shop()
        try await Stage.with([shop], answer: Self.answering(#"{"paymentId":"p-1","score":NaN}"#)) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(shop)[0]
                #expect(try await stage.end(of: runID) == .failed)
                #expect(Self.paths(stage) == ["/charge", "/charge"])
                let failed = try await stage.events(runID).filter { $0.row.kind == .attemptFailed }.map(\.row)
                try #require(failed.count == 3)
                #expect(failed.map(\.outcome) == [.unknown, .unknown, .rejected])
                #expect(failed.map { $0.error?["kind"] } == ["unreadable", "unreadable", "template"])
                #expect(failed[0].error?["message"]?.string?.contains("byte 27") == true)
                #expect(failed[2].error?["message"]?.string?.contains("steps.charge.output.paymentId") == true)
                try await stage.expectConsistent(runID, shop)
                let failedAt = try await stage.reader.find(runID)?.run.updatedAt
                try await stage.send(InboxRequest(.retry(stepID: "charge"), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "failed again") { run, _ in
                    run.status == .failed && run.updatedAt != failedAt
                }
                #expect(Self.paths(stage) == ["/charge", "/charge"])
                try await stage.expectConsistent(runID, shop)
            }
        }
    }

    @Test("unless the definition asks for the text")
    func asText() async throws {
        let shop = try Self.shop(["onUnreadable": "text"])
        try await Stage.with([shop], answer: Self.answering(#"{"paymentId":"p-1","score":NaN}"#)) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(shop)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(Self.paths(stage) == ["/charge", "/ship", "/refund"])
                let charge = try #require(try await stage.reader.find(runID)?.steps[0])
                #expect(charge.step.output?.string?.contains("NaN") == true)
            }
        }
    }

    @Test("a byte order mark before the JSON changes nothing")
    func byteOrderMark() async throws {
        let shop = try Self.shop()
        try await Stage.with([shop], answer: Self.answering("\u{FEFF}{\"paymentId\":\"p-1\"}")) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(shop)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(stage.participant.calls.last?.body == #"{"paymentId":"p-1"}"#)
            }
        }
    }

    @Test("a refusal with a page longer than an answer may be is one call and nothing to undo, and opens no breaker")
    func longRefusal() async throws {
        let shop = try Self.shop()
        let page = "<html>" + String(repeating: "x", count: 300_000)
        try await Stage.with([shop], answer: { $0.path == "/charge" ? (404, page) : (200, "{}") }) { stage in
            try await stage.test.execute("UPDATE participants SET breaker = '{\"failureThreshold\":1}'")
            try await stage.withEngine { engine in
                let runID = try await stage.start(shop)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(Self.paths(stage) == ["/charge"])
                let error = try #require(try await stage.reader.find(runID)?.run.error)
                #expect(error["httpStatus"] == 404)
                #expect(error["kind"] == "rejected")
                #expect(error["message"]?.string?.contains("exceeds 262144 bytes") == true)
                #expect(error["response"]?.string == String(page.prefix(4096)))
                #expect(engine.breakers.map(\.openedCount) == [0])
                #expect(stage.participant.calls.allSatisfy { $0.headers["accept-encoding"] == "identity" })
            }
        }
    }
}
