import Core
@testable import Engine
import Settings
import Testing

@Suite("Engines that are woken together do not all ask the database")
struct TurnTests {
    @Test("Who is woken for nothing waits ever longer, up to a bound; who finds something goes at once again")
    func inVain() {
        var turn = Turn()
        var pauses: [Duration] = []
        for _ in 0..<6 {
            turn.wasRung = true
            turn.claimed(foundNothing: true, somethingIsDue: false, isAlone: false, took: .zero)
            pauses.append(turn.pause)
        }
        #expect(pauses == [5, 10, 20, 40, 40, 40].map { .milliseconds($0) })
        turn.wasRung = true
        turn.claimed(foundNothing: false, somethingIsDue: false, isAlone: false, took: .zero)
        #expect(turn.pause == .zero)
    }

    @Test("An engine that looks by itself now and then, and finds nothing, is as quick as ever when there is something")
    func idle() {
        var turn = Turn()
        for _ in 0..<6 { turn.claimed(foundNothing: true, somethingIsDue: false, isAlone: false, took: .zero) }
        #expect(turn.pause == .zero)
        turn.claimed(foundNothing: true, somethingIsDue: true, isAlone: false, took: .zero)
        #expect(turn.pause > .zero, "somebody else holds the row")
    }

    @Test("After a claim the engine rests in proportion to what it took, up to a bound, whatever it found")
    func rest() {
        var turn = Turn()
        let before = ContinuousClock.now
        #expect(turn.wait(at: before + .milliseconds(1)) <= .zero, "nothing was claimed yet")
        turn.claimed(foundNothing: false, somethingIsDue: false, isAlone: false, took: .milliseconds(10))
        #expect(turn.wait(at: before) >= .milliseconds(30))
        #expect(turn.wait(at: .now) <= .milliseconds(30))
        #expect(turn.wait(at: .now + .milliseconds(30)) <= .zero)
        turn.claimed(foundNothing: false, somethingIsDue: false, isAlone: false, took: .seconds(5))
        #expect(turn.wait(at: .now) <= Turn.longestRest)
        turn.claimed(foundNothing: true, somethingIsDue: true, isAlone: false, took: .milliseconds(1))
        #expect(turn.wait(at: .now + .milliseconds(3)) == turn.pause, "others go first all the same")
    }

    @Test(
        "How long runs are kept is a duration of an hour or more, or off",
        arguments: [
            (nil, .seconds(30 * 86_400)), ("off", nil), ("1h", .seconds(3600)), ("90d", .seconds(90 * 86_400)),
        ] as [(String?, Duration?)])
    func retention(text: String?, retention: Duration?) throws {
        #expect(try configuration(retention: text).retention == retention)
    }

    @Test("Anything else is refused by name", arguments: ["59m", "0", "-1d", "soon", "36501d"])
    func noRetention(text: String) {
        let error = #expect(throws: SettingsError.self) { try configuration(retention: text) }
        #expect(error?.description.contains("--retention") == true || error?.description.contains("RETENTION") == true)
    }

    private func configuration(retention: String?) throws -> EngineConfiguration {
        var environment = ["DATABASE_URL": "postgres://localhost/nowhere"]
        environment["RETENTION"] = retention
        var settings = Settings(program: "tests", about: "tests.", arguments: ["tests"], environment: environment)
        return try EngineConfiguration(&settings)
    }

    @Test("an engine that is alone waits for nobody")
    func alone() {
        var turn = Turn()
        turn.wasRung = true
        turn.claimed(foundNothing: true, somethingIsDue: true, isAlone: true, took: .zero)
        #expect(turn.pause == .zero)
        turn.wasRung = true
        turn.claimed(foundNothing: true, somethingIsDue: true, isAlone: false, took: .zero)
        #expect(turn.pause > .zero)
    }
}
