import Core
import Testing

@Suite("Signals")
struct SignalTests {
    @Test(
        "a step waits for its signal and takes it once",
        arguments: [
            Case(
                "one that comes when it waits", "sig-go b", script: "now signal:go b=ok",
                trace: "due() / await(sig-go) / signal(go) take(sig-go) b#1 / b=succeeded COMPLETED"),
            Case(
                "one that came before", "a sig-go b", script: "go signal:go a=ok b=ok",
                trace: "due(a) / a#1 / signal(go) / a=succeeded await(sig-go) take(sig-go) b#1 "
                    + "/ b=succeeded COMPLETED"),
            Case(
                "one for each, in their order", "sig-go sig1h-go", script: "now signal:go now signal:go",
                trace: "due() / await(sig-go) / signal(go) take(sig-go) await(sig1h-go+3600000ms) "
                    + "/ signal(go) take(sig1h-go) COMPLETED"),
            Case(
                "two before the first", "a sig-go sig1h-go", script: "go signal:go signal:go a=ok",
                trace: "due(a) / a#1 / signal(go) / signal(go) / a=succeeded await(sig-go) take(sig-go) "
                    + "await(sig1h-go+3600000ms) take(sig1h-go) COMPLETED"),
            Case(
                "side by side the first takes it", "sig-go< sig1h-go<", script: "now signal:go",
                trace: "due() / await(sig-go) await(sig1h-go+3600000ms) / signal(go) take(sig-go)"),
            Case(
                "another name is kept for nobody", "sig-go", script: "now signal:stop signal:go",
                trace: "due() / await(sig-go) / signal(stop) / signal(go) take(sig-go) COMPLETED"),
            Case(
                "the same again is nothing", "sig-go sig1h-go", script: "now signal:go#1 signal:go#1 signal:go#2",
                trace: "due() / await(sig-go) / signal(go) take(sig-go) await(sig1h-go+3600000ms) "
                    + "/ signal(go) take(sig1h-go) COMPLETED"),
            Case(
                "a takeover forgets none", "a sig-go b", script: "go signal:go takeover go a=ok b=ok",
                trace: "due(a) / a#1 / signal(go) / a=unknown+100ms / a#2 / a=succeeded await(sig-go) take(sig-go) b#1 "
                    + "/ b=succeeded COMPLETED"),
        ])
    func taken(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "`where` says which signals a step takes",
        arguments: [
            Case(
                "one that it does not want stays", "sig-go& sig1h-go", script: "now signal:go/no signal:go",
                trace: "due() / await(sig-go) / signal(go) / signal(go) take(sig-go) await(sig1h-go+3600000ms) "
                    + "take(sig1h-go) COMPLETED"),
            Case(
                "of those that came before, too", "a sig-go&", script: "go signal:go/no signal:go a=ok",
                trace: "due(a) / a#1 / signal(go) / signal(go) / a=succeeded await(sig-go) take(sig-go) COMPLETED"),
        ])
    func wanted(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "without its signal a step fails after its timeout",
        arguments: [
            Case(
                "and what was done is undone", "a sig5s-go", script: "go a=ok go -a=ok",
                trace: "due(a) / a#1 / a=succeeded await(sig5s-go+5000ms) / sig5s-go=timeout undo(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "a signal that it does not want does not count", "sig5s-go&", script: "now signal:go/no go",
                trace: "due() / await(sig5s-go+5000ms) / signal(go) / sig5s-go=timeout undo() COMPENSATED"),
            Case(
                "unless the run goes on", "sig5s-go+ b", script: "now go b=ok",
                trace: "due() / await(sig5s-go+5000ms) / sig5s-go=timeout b#1 / b=succeeded COMPLETED"),
            Case(
                "the first that fails keeps the others from failing", "sig5s-go< sig5s-stop<", script: "now go",
                trace: "due() / await(sig5s-go+5000ms) await(sig5s-stop+5000ms) "
                    + "/ sig5s-go=timeout drop(sig5s-stop) undo() COMPENSATED"),
            Case(
                "past the pivot a person says what becomes of it", "a^ sig5s-go b", script: "go a=ok go retry:sig5s-go",
                trace: "due(a) / a#1 / a=succeeded await(sig5s-go+5000ms) / sig5s-go=timeout "
                    + "/ retry(sig5s-go) await(sig5s-go+5000ms)"),
            Case(
                "a signal in the very moment comes first", "sig5s-go", script: "now +5s signal:go",
                trace: "due() / await(sig5s-go+5000ms) / signal(go) take(sig5s-go) COMPLETED"),
        ])
    func late(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "what ends a wait for a signal",
        arguments: [
            Case(
                "a cancel", "a sig-go", script: "go a=ok cancel -a=ok",
                trace: "due(a) / a#1 / a=succeeded await(sig-go) / cancel drop(sig-go) undo(a) -a#1 "
                    + "/ -a=succeeded CANCELLED"),
            Case(
                "another branch that fails", "sig-go< b<", script: "now b=no",
                trace: "due() / await(sig-go) b#1 / b=rejected drop(sig-go) undo() COMPENSATED"),
            Case(
                "a step that ends the run", "sig-go< endc<", script: "now",
                trace: "due() / await(sig-go) endc=done skip(sig-go) COMPLETED"),
            Case(
                "a person: done", "sig-go b", script: "now complete:sig-go b=ok",
                trace: "due() / await(sig-go) / complete(sig-go) b#1 / b=succeeded COMPLETED"),
            Case(
                "a person: failed", "sig-go b", script: "now fail:sig-go",
                trace: "due() / await(sig-go) / fail(sig-go) undo() COMPENSATED"),
        ])
    func ended(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "what is kept, and for how long",
        arguments: [
            Case(
                "while it is paused nothing is taken", "sig-go b", script: "now pause signal:go resume b=ok",
                trace: "due() / await(sig-go) / pause / signal(go) / resume take(sig-go) b#1 / b=succeeded COMPLETED"),
            Case(
                "on its way back it is noted only", "a b", script: "go a=ok cancel signal:go b=ok -b=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / cancel / signal(go) / b=succeeded undo(a,b) -b#1 "
                    + "/ -b=succeeded -a#1 / -a=succeeded CANCELLED"),
            Case(
                "after the end it is refused", "a", script: "go a=ok !signal:go",
                trace: "due(a) / a#1 / a=succeeded COMPLETED"),
            Case(
                "a pause ends with its run: taken up, it takes what came meanwhile", "sig-go",
                script: "now pause signal:go poison retry",
                trace: "due() / await(sig-go) / pause / signal(go) / QUARANTINED / retry take(sig-go) COMPLETED"),
            Case(
                "what FAILED is refused, and taken up again goes on", "a sig-go",
                script: "go poison !signal:go retry go a=ok signal:go",
                trace: "due(a) / a#1 / QUARANTINED / retry a=unknown+100ms / a#2 / a=succeeded await(sig-go) "
                    + "/ signal(go) take(sig-go) COMPLETED"),
        ])
    func kept(_ testCase: Case) throws { try testCase.check() }

    @Test("its payload is the step's output, said by the event with which it came; what is taken is kept no more")
    func output() throws {
        var play = try Play(Flow("a sig-go", output: ["said": "${steps.sig-go.output.ok}"]))
        try play.script("go signal:go signal:stop a=ok")
        #expect(play.run.output == ["said": true])
        #expect(play.run.steps[1].outputSequence == 3)
        #expect(play.run.steps[1].mayHaveEffect == false)
        #expect(!play.run.hasMarks, "the end forgets what nobody took")
    }

    @Test("nothing wakes a run that waits for a signal without a timeout but its deadline")
    func rests() throws {
        var play = try Play(Flow("sig-go"))
        try play.script("now")
        #expect(play.run.wakeAt == nil && play.run.waitsForOutside)
        var bounded = try Play(Flow("sig-go", timeout: "300d"))
        try bounded.script("now")
        #expect(bounded.run.wakeAt == bounded.run.deadlineAt)
        try bounded.script("late")
        #expect(bounded.trace == "due() / await(sig-go) / deadline drop(sig-go) undo() COMPENSATED")
    }

    @Test("a thousand keys are remembered, the oldest are forgotten first")
    func keys() throws {
        var play = try Play(Flow("sig-stop"))
        try play.script("now")
        for number in 0...KeptSignal.maxKeys {
            try play.happen(.signal(ReceivedSignal(name: "go", payload: .null, by: "ann", key: "k\(number)")))
        }
        #expect(play.run.marks.signalKeys.count == KeptSignal.maxKeys)
        #expect(play.run.marks.signalKeys.first == "k1")
        let before = play.run.lastSequence
        try play.happen(.signal(ReceivedSignal(name: "go", payload: .null, by: "ann", key: "k1")))
        #expect(play.run.lastSequence == before)
    }

    @Test("a `where` that takes too long is not true, and fails nothing")
    func costly() throws {
        let text: JSON = ["cat": .array(Array(repeating: ["var": "payload"], count: 40))]
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [["id": "s", "await": ["signal": "go", "where": text]]],
        ])
        var run = Run(id: RunID(high: 1, low: 2), definition: definition, input: .null, context: .null, createdAt: now)
        for event in start(run, now: now) { run.evolve(event, at: now) }
        for event in try decide(run, .woke, now: now, jitter: 0) { run.evolve(event, at: now) }
        for (payload, status) in [(String(repeating: "x", count: 250_000), RunStatus.running), ("x", .completed)] {
            let signal = ReceivedSignal(name: "go", payload: .string(payload), by: "ann", key: nil)
            for event in try decide(run, .signal(signal), now: now, jitter: 0) { run.evolve(event, at: now) }
            #expect(run.status == status)
        }
        #expect(run.output == "x")
    }

    private let now = Instant(microseconds: 1_767_225_600_000_000)
}
