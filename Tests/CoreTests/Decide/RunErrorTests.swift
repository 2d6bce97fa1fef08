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
