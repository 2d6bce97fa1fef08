import Audit
import Core
import Testing

/// Invariants 24 and 25.
@Suite("The audit of parents, children and calls after the end")
struct FamilyAuditTests {
    /// `kid`, which is a run, and `b`, after it or beside it.
    private static func parent(
        of workflow: String = "child", isChain: Bool = true, failing: String? = nil
    ) throws -> Recording {
        let kid: JSON = ["id": "kid", "run": ["workflow": .string(workflow)]]
        let steps = [kid, Recording.call("b", isChain ? [:] : ["dependsOn": []])]
        return try Recording(Recording.workflow(steps), failing: failing)
    }

    private static func child(of parent: Recording, _ status: RunStatus) throws -> FamilyAudit.Child {
        FamilyAudit.Child(runID: try #require(parent.run.steps[0].child?.runID), status: status)
    }

    /// A chain whose end is followed by a call.
    private static func told(failing: String? = nil) throws -> Recording {
        let steps = [Recording.call("a"), Recording.call("b")]
        let onEnd: JSON = [["action": ["participant": "p", "path": "/told/${run.status}", "body": "none"]]]
        return try Recording(Recording.workflow(steps, onEnd: onEnd), failing: failing)
    }

    private static func calls(after run: Recording, toldOf status: RunStatus) throws -> FamilyAudit.Child {
        FamilyAudit.Child(
            runID: try #require(run.run.marks.endCalls.first), status: .completed, endedAs: status.rawValue)
    }

    @Test(
        "parents and children that went right are found right",
        arguments: [
            (true, nil, .completed, .completed), (true, "b", .compensated, .compensated),
            (false, "b", .compensated, .cancelled),
        ] as [(Bool, String?, RunStatus, RunStatus)])
    func clean(isChain: Bool, failing: String?, end: RunStatus, childEnd: RunStatus) throws {
        let parent = try Self.parent(isChain: isChain, failing: failing)
        #expect(parent.row.status == end)
        #expect(parent.invariants() == [])
        #expect(parent.invariants(children: [try Self.child(of: parent, childEnd)]) == [])
        #expect(parent.invariants(children: []) == [], "retention has removed it")
        var child = try Recording()
        child.insert(
            .parentLinked(ParentLink(runID: parent.row.runID, stepID: "kid", depth: 1, isDetached: false)), at: 1)
        #expect(child.invariants() == [])
    }

    @Test("the end of another run, taken for that of the child, is found")
    func otherEnd() throws {
        var parent = try Self.parent()
        let end = ChildEnd(runID: RunID(high: 9, low: 9), status: .completed, output: [:])
        parent.replace(try parent.place(of: .childEnded), by: .childEnded(step: 0, end))
        #expect(parent.invariants() == [24])
    }

    @Test("a child of another workflow than the definition says is found")
    func otherWorkflow() throws {
        var parent = try Self.parent()
        parent.definition = try Self.parent(of: "other").definition
        #expect(parent.invariants() == [24])
    }

    @Test("a parent that compensates while its child is at work is found")
    func turnedBackTooEarly() throws {
        var parent = try Self.parent(isChain: false, failing: "b")
        parent.move(try parent.place(of: .runCompensating), to: try parent.place(of: .childEnded))
        #expect(parent.invariants() == [24])
    }

    @Test("a run that becomes a child when it has begun is found, and one that has too many above it")
    func linked() throws {
        func link(_ depth: Int) -> RunEvent {
            .parentLinked(ParentLink(runID: RunID(high: 9, low: 9), stepID: "kid", depth: depth, isDetached: false))
        }
        var late = try Recording()
        late.insert(link(1), at: try late.place(of: .attemptStarted) + 1)
        #expect(late.invariants() == [24])
        var deep = try Recording()
        deep.insert(link(ChildDefinition.maxDepth + 1), at: 1)
        #expect(deep.invariants() == [24])
    }

    @Test("a child that its parent never started is found")
    func foundling() throws {
        let parent = try Self.parent()
        let children = [
            try Self.child(of: parent, .completed),
            FamilyAudit.Child(runID: RunID(high: 9, low: 9), status: .completed),
        ]
        #expect(parent.invariants(children: children) == [24])
    }

    @Test("a child that has ended otherwise than its parent was told is found", arguments: [nil, "b"])
    func otherStatus(failing: String?) throws {
        let parent = try Self.parent(failing: failing)
        let status: RunStatus = failing == nil ? .compensated : .completed
        #expect(parent.invariants(children: [try Self.child(of: parent, status)]) == [24])
    }

    @Test("a child whose step a person has resolved may stand as it will")
    func resolved() throws {
        var parent = try Self.parent(failing: "b")
        parent.insert(.stepResolved(step: 0, by: "ann", reason: "By hand."), at: try parent.place(of: .childEnded) + 1)
        for status in [RunStatus.completed, .failed, .compensated] {
            #expect(parent.invariants(children: [try Self.child(of: parent, status)]) == [])
        }
    }

    @Test("a parent that was undone and left its child standing is found, and one that has ended before its child")
    func standing() throws {
        func known(_ parent: Recording, as phase: ChildRun.Phase) throws -> Recording {
            var parent = parent
            let child = try #require(parent.run.steps[0].child)
            parent.run.steps[0].child = ChildRun(runID: child.runID, workflow: child.workflow, phase: phase)
            return parent
        }
        let undone = try known(Self.parent(failing: "b"), as: .completed)
        #expect(undone.row.status == .compensated)
        #expect(undone.invariants(children: [try Self.child(of: undone, .completed)]) == [24])
        let early = try known(Self.parent(), as: .live)
        #expect(early.row.status == .completed)
        #expect(early.invariants(children: [try Self.child(of: early, .running)]) == [24])
    }

    @Test("calls after the end that are as they should be are found right", arguments: [nil, "b"])
    func cleanCalls(failing: String?) throws {
        let run = try Self.told(failing: failing)
        #expect(run.row.status == (failing == nil ? .completed : .compensated))
        #expect(run.invariants() == [])
        #expect(run.invariants(children: [try Self.calls(after: run, toldOf: run.row.status)]) == [])
    }

    @Test("an end that no calls follow though they are wanted is found")
    func silent() throws {
        var run = try Self.told()
        run.remove(try run.place(of: .endCallsStarted))
        #expect(run.invariants() == [25])
    }

    @Test("calls after an end that nobody wants are found")
    func unwanted() throws {
        var run = try Self.told()
        run.definition = try Recording().definition
        #expect(run.invariants() == [25])
    }

    @Test("calls that follow before the end are found")
    func premature() throws {
        var run = try Self.told()
        run.move(try run.place(of: .endCallsStarted), to: try run.place(of: .attemptSucceeded, "b"))
        #expect(run.invariants() == [25])
    }

    @Test("calls after the end that nobody makes are found, and those that are told of another end")
    func toldWrong() throws {
        let run = try Self.told(failing: "b")
        #expect(run.invariants(children: []) == [25])
        #expect(run.invariants(children: [try Self.calls(after: run, toldOf: .completed)]) == [25])
    }
}
