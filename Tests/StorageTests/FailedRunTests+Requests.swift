import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

/// How requests to a FAILED run are written and read, and which may come second.
extension FailedRunTests {
    @Test("A request to a FAILED run whose outbox row waits makes it due at once, and leaves a lease alone")
    func wakes() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try Self.engine(test)
            let runID = try await engine.fail(definition)
            let inbox = RunInbox(database: test.database)
            #expect(try await inbox.ask(runID, Self.retry(nil)) == .accepted)
            // As a commit leaves it that is not seen yet: the run was taken up and waits for its backoff.
            try await test.execute("UPDATE outbox SET available_at = now() + interval '1 hour'")
            #expect(try await engine.claim().isEmpty)
            #expect(try await inbox.ask(runID, Self.resolve("step-2")) == .accepted)
            let held = try await engine.claimOne()
            #expect(held.claimed.inboxCount == 2)
            let lease = try await test.value("SELECT available_at FROM outbox")
            #expect(try await inbox.ask(runID, Self.retry(nil)) == .accepted)
            #expect(try await test.value("SELECT available_at FROM outbox") == lease)
        }
    }

    @Test(
        "A resolve of a quarantined run, which must not come second, is refused when something is asked of it already")
    func notSecond() async throws {
        try await TestDatabase.with { test in
            let (engine, definition) = try Self.engine(test)
            var held = try await engine.begin(definition)
            _ = try await engine.settle(&held, [try held.answered(.yes)])
            _ = try await engine.leases.quarantine(held.lease, Failure(kind: "quarantined", message: "It is poison."))
            let runID = held.run.id
            let inbox = RunInbox(database: test.database)
            let ask = { try await inbox.ask(runID, Self.resolve("step-1")) }
            #expect(try await ask() == .accepted)
            #expect(try await ask() == .alreadyAsked)
            #expect(try await test.query("SELECT inbox_count FROM outbox") == [["1"]])
            try await engine.drive { _, _ in .yes }
            #expect(try await ask() == .notFailed(.compensated))
        }
    }

    @Test("What is written of a resolve is read again, of one step in its old form, too; half of it is not")
    func payloads() throws {
        let request = Self.resolve("step-1", "step-2")
        #expect(request.payload == ["stepIds": ["step-1", "step-2"], "reason": "by hand"])
        #expect(InboxRequest(name: "resolve", payload: request.payload, sentBy: "ann") == request)
        let old: JSON = ["stepId": "step-2", "reason": "by hand"]
        #expect(InboxRequest(name: "resolve", payload: old, sentBy: "ann") == Self.resolve("step-2"))
        let bad: [JSON] = [
            ["reason": "by hand"], ["stepIds": [], "reason": "by hand"],
            ["stepIds": ["step-1", 2], "reason": "by hand"],
            ["stepIds": ["step-1"]], ["stepId": nil, "reason": "by hand"],
        ]
        for payload in bad { #expect(InboxRequest(name: "resolve", payload: payload, sentBy: "ann") == nil) }
    }
}
