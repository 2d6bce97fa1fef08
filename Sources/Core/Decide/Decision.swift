/// The decider's scratch pad: events decided so far, and the run as they leave it.
struct Decision {
    private(set) var run: Run
    private(set) var events: [RunEvent] = []
    let now: Instant

    init(_ run: Run, now: Instant) {
        self.run = run
        self.now = now
    }

    mutating func append(_ event: RunEvent) {
        run.evolve(event, at: now)
        events.append(event)
    }
}
