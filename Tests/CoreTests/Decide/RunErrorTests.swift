import Core
import Testing

@Suite("What a run's error says when a person had to help")
struct RunErrorTests {
    @Test(
        "the error of a FAILED run says what it is FAILED for; of one that was taken up again, why it had turned back",
        arguments: [
            Told("a retry that works", "go a=ok b=no -a=no", failed: "compensation", "retry -a=ok", error: "rejected"),
            Told("a resolve", "go a=ok b=no -a=no", failed: "compensation", "resolve:a", error: "rejected"),
            Told("while it goes on", "go a=ok b=no -a=no", failed: "compensation", "retry -a=what", error: "rejected"),
            Told(
                "after a second failure", "go a=ok b=no -a=no retry -a=no", failed: "compensation", "resolve:a",
                error: "rejected"),
            Told(
                "a cancel", "go a=ok cancel b=ok -b=no", failed: "compensation", "retry -b=ok -a=ok", error: "cancelled"
            ),
            Told(
                "the deadline", "go a=ok late b=ok -b=no", failed: "compensation", "resolve:b -a=ok", error: "deadline"),
            Told(
                "quarantined on its way back", "go a=ok b=no poison", failed: "quarantined", "resolve:a",
                error: "rejected"),
            Told(
                "quarantined after it had failed", "go a=ok b=no -a=no retry poison", failed: "quarantined",
                "retry go -a=ok",
                error: "rejected"),
            Told(
                "turned back by its quarantine", "go a=ok poison", failed: "quarantined", "resolve:a,b",
                error: "quarantined"),
            Told(
                "and failed then", "go a=ok poison resolve:b -a=no", failed: "compensation", "retry -a=ok",
                error: "quarantined"),
            Told("forward after its quarantine", "go a=ok poison", failed: "quarantined", "retry go b=ok", error: nil),
        ])
    func errors(_ told: Told) throws {
        var play = try Play(Flow("a b", timeout: "1h"))
        try play.script(told.first)
        #expect(play.run.status == .failed && play.run.error?.kind == told.failed)
        #expect(
            play.run.errorJSON?["before"]?["kind"]?.string
                == (told.failed == told.error || told.error == nil ? nil : told.error))
        try play.script(told.then)
        #expect(play.run.status != .failed && play.run.error?.kind == told.error)
        #expect(play.run.errorJSON?["before"] == nil)
    }

    @Test("a cancel of a run that turned back for its quarantine alone takes the place of cause and error")
    func cancelAfterQuarantine() throws {
        var play = try Play(Flow("a b"))
        try play.script("go a=ok poison resolve:b cancel")
        #expect(play.run.cause == .cancelRequested && play.run.error?.kind == "cancelled")
        try play.script("-a=ok")
        #expect(play.run.status == .cancelled && play.run.error?.kind == "cancelled")
    }

    @Test("a FAILED run's error has one shape: what a participant answered is `response`, and nothing of ours is")
    func shape() throws {
        var play = try Play(Flow("a b"))
        try play.script("go a=ok b=no")
        let refusal = Failure(
            kind: "rejected", message: "The participant answered 409.", httpStatus: 409, response: ["code": "shipped"])
        try play.happen(
            .finished(
                step: 0, action: .compensate, attempt: 1,
                CallResult(outcome: .rejected, httpStatus: 409, failure: refusal)))
        let error = try #require(play.run.error)
        #expect(play.run.status == .failed && error.kind == "compensation" && error.stepID == "a")
        #expect(error.response == ["code": "shipped"] && error.httpStatus == 409)
        #expect(error.message.hasSuffix("The participant answered 409."))
        #expect(play.run.errorJSON?["before"]?["response"] == nil)
    }

    @Test("a compensation that can't be built says so in the run's error: trying it again is futile")
    func unbuildable() throws {
        var play = try Play(Flow("a b"))
        try play.script("go a=ok b=no")
        let place = JSONPointer(["steps", "0", "compensation", "path"])
        let step = play.run.stepDefinition(0)
        let result = CallResult(
            .unrenderable(TemplateError(.emptySegment, pointer: place)), of: try #require(step.compensation),
            isAmbiguous: false, duration: .zero)
        try play.happen(.finished(step: 0, action: .compensate, attempt: 1, result))
        #expect(play.run.status == .failed && play.run.error?.pointer == "/steps/0/compensation/path")
        #expect(play.run.errorJSON?["pointer"] == "/steps/0/compensation/path")
    }

    @Test("an output that would be too large leaves the run COMPLETED, and says so; one of a start is refused")
    func largeOutput() throws {
        let output = JSON.array(Array(repeating: "${input.big}", count: 10))
        let input: JSON = ["big": .string(String(repeating: "x", count: 500_000))]
        var play = try Play(Flow("a", output: output), input: input)
        try play.script("go a=ok")
        #expect(play.run.status == .completed && play.run.output == .null)
        #expect(play.run.error?.kind == "template" && play.run.error?.pointer == "/output/8")
        #expect(play.run.outputRefusal?.pointer.description == "/output/8")
        let skipped = try Play(Flow("a?", output: output), input: input)
        #expect(skipped.run.outputRefusal?.kind == .tooLarge(limit: Template.maxBytes))
        #expect(try Play(Flow("a?", output: "${input.big}"), input: input).run.outputRefusal == nil)
        #expect(try Play(Flow("a?", output: "x${input.none}"), input: input).run.outputRefusal == nil)
    }

    struct Told: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let first: String
        let failed: String
        let then: String
        let error: String?

        init(_ risk: String, _ first: String, failed: String, _ then: String, error: String?) {
            (testDescription, self.first, self.failed, self.then, self.error) = (risk, first, failed, then, error)
        }
    }
}
