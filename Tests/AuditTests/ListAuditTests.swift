import Audit
import Core
import Testing

/// Invariant 22.
@Suite("The audit of steps with lists")
struct ListAuditTests {
    /// `a`, three times, so many of them at once, and `b`.
    private static func workflow(maxParallel: Int, _ members: JSONObject = [:]) throws -> WorkflowDefinition {
        var list = members
        list["forEach"] = ["in": [1, 2, 3], "maxParallel": JSON(maxParallel)]
        return try Recording.workflow([Recording.call("a", list), Recording.call("b")])
    }

    private static let continues: JSONObject = ["onFailure": "continue"]

    @Test("a list that went right is found right, whatever way it took", arguments: [1, 2, 3])
    func clean(maxParallel: Int) throws {
        let ways: [(failing: String?, members: JSONObject, end: RunStatus)] = [
            (nil, [:], .completed), ("b", [:], .compensated), ("a[1]", [:], .compensated),
            ("a[1]", Self.continues, .completed),
        ]
        for (failing, members, end) in ways {
            let recording = try Recording(Self.workflow(maxParallel: maxParallel, members), failing: failing)
            #expect(recording.row.status == end)
            #expect(recording.invariants() == [], "\(failing ?? "")")
        }
    }

    @Test("a list that is done before its last element is found")
    func early() throws {
        var recording = try Recording(Self.workflow(maxParallel: 1))
        recording.move(try recording.place(of: .elementsEnded), to: try recording.place(of: .attemptSucceeded, "a[2]"))
        #expect(recording.invariants() == [22])
    }

    @Test("more elements at work than the definition allows are found")
    func crowd() throws {
        var recording = try Recording(Self.workflow(maxParallel: 2))
        recording.definition = try Self.workflow(maxParallel: 1)
        #expect(recording.invariants() == [22])
    }

    @Test("an element that begins after another one gave up is found")
    func afterwards() throws {
        var recording = try Recording(Self.workflow(maxParallel: 2, Self.continues), failing: "a[1]")
        recording.move(
            try recording.place(of: .attemptFailed, "a[1]"), to: try recording.place(of: .attemptStarted, "a[2]"))
        #expect(recording.invariants() == [22])
    }

    @Test("more elements that are undone at once than were at work at once are found")
    func crowdOnTheWayBack() throws {
        var recording = try Recording(Self.workflow(maxParallel: 2), failing: "b")
        let starts = recording.events.indices.filter {
            recording.events[$0].row.kind == .attemptStarted && recording.events[$0].row.action == .compensate
        }
        try #require(starts.count == 3)
        recording.move(starts[2], to: starts[1] + 1)
        #expect(recording.invariants() == [22])
    }
}
