import Core
import Testing

@Suite("What the lease holder has to do, and what the run gives back")
struct CommandTests {
    /// Commands as words: `a#1`, `-a#1` and `wake+100ms` from now.
    private func commands(_ play: Play) -> String {
        play.run.nextCommands(at: play.now).map { command in
            switch command {
            case .call(let call):
                (call.action == .compensate ? "-" : "") + play.run.stepID(call.step) + "#\(call.attempt)"
            case .look(let look): "look(\(play.run.stepID(look.call.step)))"
            case .wake(let at): "wake+\((at - play.now).microseconds / 1000)ms"
            }
        }.joined(separator: " ")
    }

    @Test(
        "exactly the calls in flight are made, and the earliest reason to look again wakes",
        arguments: [
            ("a b", nil, "", "wake+0ms"),
            ("a b", nil, "go", "a#1"),
            ("a b< c<", nil, "go b=ok", "a#1 c#1"),
            ("a b<", nil, "go a=what", "b#1 wake+100ms"),
            ("a b<", nil, "go a=what b=busy/1s", "wake+100ms"),
            ("a b", "10s", "go +1s", "a#1 wake+9000ms"),
            ("a b", "10s", "go a=busy/60s", "wake+10000ms"),
            ("a b", "10s", "go a=what", "wake+100ms"),
            ("a b", "10s", "go cancel", "a#1"),
            ("a b", "10s", "go a=ok b=no", "-a#1"),
            ("a b", "10s", "go a=ok b=no -a=what", "wake+200ms"),
            ("a b", nil, "go a=what go", "a#2"),
            ("a b", nil, "go a=ok b=ok", ""),
            ("a b", "10s", "cancel", ""),
            ("a b", "10s", "go a=ok b=no -a=no", ""),
            ("a b", "10s", "go poison", ""),
        ])
    func nextCommands(flow: String, timeout: String?, script: String, expected: String) throws {
        var play = try Play(Flow(flow, timeout: timeout))
        try play.script(script)
        #expect(commands(play) == expected)
    }

    @Test("the output is the last step's, or what the definition's template makes of the run")
    func output() throws {
        var plain = try Play(Flow("a b"))
        try plain.script("go a=ok b=ok")
        #expect(plain.run.output == ["n": 1])

        var built = try Play(
            Flow("a b", output: ["order": "${input.order}", "n": "${steps.a.output.n}", "b": "${steps.b.status}"]),
            input: ["order": 7])
        try built.script("go a=ok b=ok")
        #expect(built.run.output == ["order": 7, "n": 1, "b": "SUCCEEDED"])
        #expect(built.run.error == nil)

        let skipped = try Play(Flow("a?"))
        #expect(skipped.run.output == .null)
    }

    @Test("an output that can't be built says so and undoes nothing")
    func outputFails() throws {
        var play = try Play(Flow("a", output: ["text": "order ${steps.a.output.missing}"]))
        try play.script("go a=ok")
        #expect(play.run.status == .completed)
        #expect(play.run.output == .null)
        #expect(play.run.error?.kind == "template")
    }

    @Test("a run that ends otherwise has no output")
    func noOutput() throws {
        var play = try Play(Flow("a b"))
        try play.script("go a=ok b=no -a=ok")
        #expect(play.run.output == nil)
    }

    @Test("a deadline is counted from the acceptance of the run; none is none")
    func deadlineAt() throws {
        let limited = try Play(Flow("a", timeout: "10s"))
        #expect(limited.run.deadlineAt == limited.run.createdAt + .seconds(10))
        #expect(try Play(Flow("a")).run.deadlineAt == nil)
    }

    @Test("status and times follow the events")
    func times() throws {
        var play = try Play(Flow("a b"))
        let began = play.now
        #expect(play.run.status == .pending)
        try play.script("+1s now")
        #expect(play.run.status == .running)
        #expect(play.run.steps[0].startedAt == began + .seconds(1))
        try play.script("+1s a=what")
        #expect(play.run.steps[0].nextAttemptAt == began + .milliseconds(2100))
        try play.script("go +1s a=ok")
        #expect(play.run.steps[0].startedAt == began + .seconds(1))
        #expect(play.run.steps[0].completedAt == began + .milliseconds(3100))
        #expect(play.run.steps[0].error == nil)
        #expect(play.run.completedAt == nil)
        try play.script("+1s b=ok")
        #expect(play.run.completedAt == began + .milliseconds(4100))
        #expect(play.run.updatedAt == began + .milliseconds(4100))
        #expect(play.run.lastSequence == play.events.count)
    }
}
