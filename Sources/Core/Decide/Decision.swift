/// The decider's scratch pad: events decided so far, and the run as they leave it.
struct Decision {
    private(set) var run: Run
    private(set) var events: [RunEvent] = []
    let now: Instant
    /// What is left for conditions; once it is spent, what was decided is worth nothing.
    var effort: Effort
    /// By step: why its child can't be started, as the store has said.
    let refusedChildren: [Int: Failure]
    /// So many more are asked to undo what they did.
    var childrenToUndo = ChildDefinition.mostAtOnce

    init(_ run: Run, now: Instant, effort: Effort, refusedChildren: [Int: Failure] = [:]) {
        self.run = run
        self.now = now
        self.effort = effort
        self.refusedChildren = refusedChildren
    }

    mutating func append(_ event: RunEvent) {
        run.evolve(event, at: now)
        events.append(event)
    }
}
