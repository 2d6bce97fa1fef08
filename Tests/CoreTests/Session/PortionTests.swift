@testable import Core
import Testing

@Suite("A decision begins no more elements than its portion")
struct PortionTests {
    @Test("what is left follows at once, and nothing is left out")
    func calls() throws {
        var play = SessionPlay(try Play(Flow("a#5/4")))
        play.session.portion = Portion(calls: 2, children: 1)
        #expect(play.next() == "[list(a*5) a[0]#1 a[1]#1]keep")
        #expect(play.written() == "calls(a[0]#1 a[1]#1 wake+0ms)")
        #expect(play.received(.due) == "[a[2]#1 a[3]#1]keep")
        #expect(play.written() == "calls(a[2]#1 a[3]#1)", "as many are at work as may be")
        play.session.portion = .whole
        #expect(play.received(.answer(1, .succeeded)) == "[a[0]=ok a[4]#1]keep")
    }

    @Test("answers of elements that come together are decided together, and count as one decision")
    func together() throws {
        var play = SessionPlay(try Play(Flow("a#9/3")))
        #expect(play.next() == "[list(a*9) a[0]#1 a[1]#1 a[2]#1]keep")
        _ = play.written()
        play.session.portion = Portion(calls: 2, children: 1)
        #expect(
            play.received(.answer(1, .succeeded), .answer(2, .succeeded), .answer(3, .succeeded))
                == "[a[0]=ok a[1]=ok a[2]=ok a[3]#1 a[4]#1]keep")
        _ = play.written()
        #expect(
            play.received(.answer(4, .rejected), .answer(5, .succeeded)).hasPrefix("[a[3]=no a[4]=ok "),
            "one that gives up stops new ones, whatever came with it")
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
            guard case .commit(let commit) = session.next(now: run.createdAt, isHeld: { true }, using: &random, effort: &effort)
            else {
                Issue.record("it decides nothing")
                return
            }
            #expect(commit.childStarts.count == expected)
        }
    }
}
