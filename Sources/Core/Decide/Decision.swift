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

    /// So many more elements begin.
    var portion: Portion

    init(
        _ run: Run, now: Instant, effort: Effort, refusedChildren: [Int: Failure] = [:], portion: Portion = .whole
    ) {
        self.run = run
        self.now = now
        self.effort = effort
        self.refusedChildren = refusedChildren
        self.portion = portion
    }

    /// Ends the run, and begins what follows the end.
    mutating func finish(_ event: RunEvent) {
        if !isPlanted(.endCallsForgotten), let calls = run.endCalls(after: event, at: now) {
            append(.endCallsStarted(run: calls.id))
        }
        append(event)
    }

    mutating func append(_ event: RunEvent) {
        run.evolve(event, at: now)
        events.append(event)
    }
}
