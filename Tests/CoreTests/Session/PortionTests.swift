@testable import Core
import Simulation
import Testing

@Suite("A decision begins no more elements than its portion")
struct PortionTests {
    /// A session of a run that was started with a list, and what it begins.
    private struct Playing {
        var session: RunSession
        private let now = Instant(microseconds: 0)

        init(entries: Int, maxParallel: Int) throws {
            let definition = try WorkflowDefinition([
                "name": "w", "version": "1.0.0",
                "steps": [
                    [
                        "id": "a", "forEach": ["in": "${input.list}", "maxParallel": JSON(maxParallel)],
                        "action": ["participant": "p", "path": "/a"],
                    ]
                ],
            ])
            var run = Run(
                id: RunID(high: 1, low: 2), definition: definition,
                input: ["list": .array(Array(repeating: 1, count: entries))], context: [:], createdAt: now)
            for event in start(run, now: now) { run.evolve(event, at: now) }
            session = RunSession(run, lease: Lease(runID: run.id, epoch: 1), inboxCount: 0, beganDueSteps: false)
        }

        /// The elements that the next decision begins, which is stored; nil when there is none.
        mutating func begun() -> [Int]? {
            var (random, effort) = (SeededGenerator(seed: 1), Effort.full)
            guard case .commit(let commit) = session.next(now: now, isHeld: { true }, using: &random, effort: &effort)
            else { return nil }
            session.stored(.written(unread: 0, at: now))
            return commit.events.compactMap {
                if case .attemptStarted(let step, .execute, _) = $0 { step } else { nil }
            }
        }

        /// What the session has its holder do.
        mutating func commands() -> [Command] {
            var (random, effort) = (SeededGenerator(seed: 1), Effort.full)
            guard
                case .execute(let commands) = session.next(now: now, isHeld: { true }, using: &random, effort: &effort)
            else { return [] }
            return commands
        }
    }

    @Test("what is left follows at once, and nothing is left out")
    func calls() throws {
        var playing = try Playing(entries: 5, maxParallel: 4)
        playing.session.portion = Portion(calls: 2, children: 1)
        #expect(playing.begun() == [1, 2])
        #expect(playing.commands().contains(.wake(at: Instant(microseconds: 0))))
        playing.session.received([.due])
        #expect(playing.begun() == [3, 4])
        #expect(playing.commands().count == 2, "as many are at work as may be, and nothing is left that could begin")
        playing.session.portion = .whole
        playing.session.received([.answer(1, .succeeded)])
        #expect(playing.begun() == [5])
    }

    @Test("it is that of all lists together")
    func several() throws {
        var play = SessionPlay(try Play(Flow("a#3/3< b#3/3<")))
        play.session.portion = Portion(calls: 4, children: 1)
        let (random, now) = (SeededGenerator(seed: 1), play.now)
        var (dice, effort) = (random, Effort.full)
        guard case .commit(let commit) = play.session.next(now: now, isHeld: { true }, using: &dice, effort: &effort)
        else {
            Issue.record("it decides nothing")
            return
        }
        #expect(commit.events.count { if case .attemptStarted = $0 { true } else { false } } == 4)
        #expect(commit.after.hasElementsToBegin)
    }

    @Test("answers of elements that come together are decided together, and count as one decision")
    func together() throws {
        var playing = try Playing(entries: 9, maxParallel: 3)
        #expect(playing.begun() == [1, 2, 3])
        playing.session.portion = Portion(calls: 2, children: 1)
        playing.session.received([.answer(1, .succeeded), .answer(2, .succeeded), .answer(3, .succeeded)])
        #expect(playing.begun() == [4, 5])
        playing.session.received([.answer(4, .succeeded), .answer(5, .rejected)])
        #expect(playing.begun() == [], "one that gives up stops new ones, also in the place of what came just before")
        #expect(playing.session.run.steps[4].status == .succeeded && playing.session.run.steps[6].attempts == 0)
    }

    @Test("children are counted by themselves")
    func children() throws {
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [
                [
                    "id": "a", "forEach": ["in": "${input.list}", "maxParallel": 40],
                    "run": ["workflow": "child"],
                ]
            ],
        ])
        var run = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: ["list": .array(Array(repeating: 1, count: 50))],
            context: [:], createdAt: Instant(microseconds: 0))
        for event in start(run, now: run.createdAt) { run.evolve(event, at: run.createdAt) }
        for (portion, expected) in [(Portion.whole, 32), (.small, 3)] {
            var session = RunSession(
                run, lease: Lease(runID: run.id, epoch: 1), inboxCount: 0, beganDueSteps: false)
            session.portion = portion
            var (random, effort) = (SeededGenerator(seed: 1), Effort.full)
            guard
                case .commit(let commit) = session.next(
                    now: run.createdAt, isHeld: { true }, using: &random, effort: &effort)
            else {
                Issue.record("it decides nothing")
                return
            }
            #expect(commit.childStarts.count == expected)
        }
    }
}
