import Core
@testable import Engine
import Testing

@Suite("Runs with long lists leave others their part")
struct PacerTests {
    private static let start = ContinuousClock.now
    private static let list = try! run(["forEach": ["in": "${input.list}", "maxParallel": 200]], entries: 200)
    private static let simple = try! run([:], entries: 0)

    /// A run of one step that was started and has begun what it can.
    private static func run(_ more: [String: JSON], entries: Int) throws -> SessionCommit {
        var step: JSONObject = ["id": "a", "action": ["participant": "p", "path": "/x"]]
        for (name, value) in more { step[name] = value }
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [.object(step)],
        ])
        var run = Run(
            id: RunID(high: 1, low: 2), definition: definition,
            input: ["list": .array(Array(repeating: 1, count: entries))], context: [:],
            createdAt: Instant(microseconds: 0))
        for event in Core.start(run, now: run.createdAt) { run.evolve(event, at: run.createdAt) }
        let events = try decide(run, .woke, now: run.createdAt, jitter: 0)
        return SessionCommit(
            lease: Lease(runID: run.id, epoch: 1), run: run, events: events, now: run.createdAt)
    }

    @Test("alone it goes on as fast as it can")
    func alone() {
        let pacer = Pacer()
        for second in 0..<4 {
            let now = Self.start + .seconds(second)
            #expect(pacer.portion(of: Self.list.after, at: now) == .whole)
            pacer.stored(Self.list, took: .milliseconds(3), at: now)
            #expect(pacer.restsUntil(Self.list.after.id) == nil)
        }
    }

    @Test("beside others it begins fewer, and rests in proportion to what a decision took")
    func beside() {
        let pacer = Pacer()
        pacer.stored(Self.simple, took: .milliseconds(1), at: Self.start)
        #expect(pacer.portion(of: Self.list.after, at: Self.start) == .small)
        pacer.stored(Self.list, took: .milliseconds(3), at: Self.start)
        #expect(pacer.restsUntil(Self.list.after.id) == Self.start + .milliseconds(3) * Pacer.rest)
        pacer.stored(Self.list, took: .seconds(3), at: Self.start)
        #expect(pacer.restsUntil(Self.list.after.id) == Self.start + Pacer.longestRest)
    }

    @Test("until they have been gone for a while")
    func gone() {
        let pacer = Pacer()
        pacer.stored(Self.simple, took: .milliseconds(1), at: Self.start)
        pacer.stored(Self.list, took: .milliseconds(3), at: Self.start)
        #expect(pacer.restsUntil(Self.list.after.id) != nil)
        pacer.stored(Self.list, took: .milliseconds(3), at: Self.start + .seconds(2))
        pacer.stored(Self.list, took: .milliseconds(3), at: Self.start + .seconds(4))
        #expect(pacer.restsUntil(Self.list.after.id) == nil)
        #expect(pacer.portion(of: Self.list.after, at: Self.start + .seconds(4)) == .whole)
    }

    @Test("a short list does not rest, and runs without lists never do")
    func short() throws {
        let pacer = Pacer()
        let short = try Self.run(["forEach": ["in": "${input.list}", "maxParallel": 100]], entries: 100)
        pacer.stored(Self.simple, took: .milliseconds(1), at: Self.start)
        pacer.stored(short, took: .milliseconds(3), at: Self.start)
        #expect(pacer.restsUntil(short.after.id) == nil)
        for _ in 0..<1000 { pacer.stored(Self.simple, took: .milliseconds(3), at: Self.start) }
        #expect(
            pacer.restsUntil(Self.simple.after.id) == nil && pacer.portion(of: Self.simple.after, at: .now) == .whole)
    }
}
