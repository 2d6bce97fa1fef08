import Checker
import Core
import Foundation
import TestSupport
import Testing

/// A sample participant beside an API and an engine, and everything that may come upon it.
struct SeatsTrial {
    let system: Deployment
    let sample: SeatsSample
    let program: Program
    let arguments: [String]
    let api: Int
    let port: Int
    /// Its data.
    let file: URL

    /// Two reservations, of which the second is refused when it asks for too much.
    private static let definition: JSON = [
        "name": "seats", "version": "1.0.0",
        "retry": ["maxAttempts": 20, "initialInterval": "50ms", "maxInterval": "1s"],
        "compensationRetry": ["maxAttempts": 50, "initialInterval": "50ms", "maxInterval": "1s"],
        "steps": [reservation("stalls", of: "${input.seats}"), reservation("circle", of: "${input.more}")],
    ]

    private static func reservation(_ id: String, of seats: JSON) -> JSON {
        [
            "id": .string(id), "action": ["participant": "seats", "path": "/reserve", "body": ["seats": seats]],
            "compensation": ["participant": "seats", "path": "/release", "body": [:]],
        ]
    }

    static func run(_ sample: SeatsSample) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "seats-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (program, arguments) = try await sample.command(in: folder)
        try await Deployment.with { system in
            let trial = SeatsTrial(
                system: system, sample: sample, program: program, arguments: arguments, api: try Ports.take(),
                port: try Ports.take(), file: folder.appending(path: "data"))
            try await trial.begin()
            try await trial.runsThatEnd()
            try await trial.callsByHand(again: false)
            try await trial.kills()
            // What it was asked before it was killed it remembers.
            try await trial.callsByHand(again: true)
            try await trial.judge()
        }
    }

    private func begin() async throws {
        try await startParticipant()
        try await system.startAPI("api", port: api, ["--admin-burst", "100"])
        let registration: JSON = ["url": .string("http://127.0.0.1:\(port)"), "breaker": ["openFor": "200ms"]]
        let known = try await system.admin("PUT", port: api, "/v1/admin/participants/seats", registration)
        try #require(known.status == 201, "\(known.json.text)")
        let defined = try await system.admin("POST", port: api, "/v1/admin/workflows", Self.definition)
        try #require(defined.status == 201, "\(defined.json.text)")
        try system.startEngine("engine", ["--poll", "200ms"])
    }

    private func startParticipant() async throws {
        try system.start("seats", program, arguments + ["\(port)", file.path])
        try await system.waitUntilReady(port, "seats")
    }

    private func runsThatEnd() async throws {
        for (more, status) in [(1, "COMPLETED"), (5000, "COMPENSATED")] as [(Int, JSON)] {
            let run = try await start(more: more, headers: [("Prefer", "wait=20")])
            #expect(run.json["run"]?["status"] == status, "\(run)")
        }
        #expect(try await left() == SeatsSample.seats - 3)
    }

    private func start(more: Int, headers: [(String, String)] = []) async throws -> HTTP.Answer {
        try await system.http.send(
            "POST", port: api, "/v1/workflows/seats/start", ["input": ["seats": 2, "more": JSON(more)]],
            headers: headers, timeout: .seconds(30))
    }

    private func left() async throws -> Int? {
        try await system.http.send("GET", port: port, "/seats").json["left"]?.int
    }

    // MARK: By hand

    private struct HandMade {
        let path: String
        let run: String
        var seats = 5
        let status: Int
        /// What the same call is answered after all the others.
        var later: Int?
        var times = 2
    }

    private static let handMade = [
        HandMade(path: "/reserve", run: "standing", status: 200, times: 8),
        HandMade(path: "/release", run: "undone-first", status: 200),
        HandMade(path: "/reserve", run: "undone-first", status: 409),
        HandMade(path: "/reserve", run: "refused", seats: 5000, status: 422, later: 409),
        HandMade(path: "/release", run: "refused", status: 200),
        HandMade(path: "/reserve", run: "undone", status: 200, later: 409),
        HandMade(path: "/release", run: "undone", status: 200, times: 8),
        HandMade(path: "/reserve", run: "undone", status: 409),
    ]

    /// Calls that are repeated, at the same time too, undone, undone before they came, and refused.
    ///
    /// - Parameter again: they have been made before.
    private func callsByHand(again: Bool) async throws {
        let before = try await left() ?? 0
        for made in Self.handMade {
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<made.times { group.addTask { try await call(made) } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            let status = again ? made.later ?? made.status : made.status
            #expect(
                answers.count == 1 && answers.allSatisfy { $0.hasPrefix("\(status) ") },
                "\(made.path) of \(made.run), again: \(again): \(answers)")
        }
        #expect(try await left() == before - (again ? 0 : 5))
    }

    /// Status and answer of one call. The run's name is none that an engine gives: the checker leaves it alone.
    private func call(_ made: HandMade) async throws -> String {
        let action = made.path == "/reserve" ? "execute" : "compensate"
        let answer = try await system.http.send(
            "POST", port: port, made.path, ["seats": JSON(made.seats)],
            headers: [
                ("Idempotency-Key", "\(made.run):step:\(action)"), ("X-Saga-Run-Id", made.run),
                ("X-Saga-Step-Id", "step"), ("X-Saga-Action", action), ("X-Saga-Attempt", "1"),
            ])
        return "\(answer.status ?? 0) \(answer.json.text)"
    }

    // MARK: Killed

    /// Kills it with calls in flight, three times, starts more runs while it is away, and starts it again.
    private func kills() async throws {
        let failures = "SELECT count(*) FROM step_attempts WHERE outcome IN ('unknown', 'notSent')"
        let successes = "SELECT count(*) FROM step_attempts WHERE outcome = 'succeeded'"
        for _ in 0..<3 {
            let before = try await system.test.value(failures)
            try await startRuns(30)
            #expect(await system.kill("seats"), "it ended by itself")
            try await startRuns(6)
            try await system.until(.seconds(20), "a call finds nobody") {
                try await self.system.test.value(failures) != before
            }
            if sample.appendsLines { try appendHalfALine() }
            let done = try await system.test.value(successes)
            try await startParticipant()
            // Or it would be killed again before it has written anything.
            try await system.until(.seconds(20), "it is at work again") {
                try await self.system.test.value(successes) != done
            }
        }
        try await system.untilAllTerminal(.seconds(60))
    }

    /// Every third is undone.
    private func startRuns(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask {
                    let answer = try await start(more: number % 3 == 0 ? 5000 : 1)
                    #expect(answer.status == 202, "\(answer)")
                }
            }
            try await group.waitForAll()
        }
    }

    /// What is left of a line when the machine goes off while it is written.
    private func appendHalfALine() throws {
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(#"{"id":1,"runId":"cut-o"#.utf8))
        try handle.close()
    }

    /// The seats are counted by what the database says, the ledger by the checker.
    private func judge() async throws {
        let ended = try await system.test.value("SELECT count(*) FROM workflow_runs WHERE status = 'COMPLETED'")
        let completed = try #require(ended.flatMap { Int($0) })
        let strays = "SELECT count(*) FROM workflow_runs WHERE status NOT IN ('COMPLETED', 'COMPENSATED')"
        #expect(try await system.test.value(strays) == "0")
        #expect(try await left() == SeatsSample.seats - 5 - 3 * completed)
        var options = Checker.Options()
        options.minimums.runs = 110
        options.minimums.completed = 50
        options.minimums.compensated = 30
        options.minimums.retries = 3
        let report = try await Checker.check(
            database: system.test.configuration, ledgers: ["seats": ["http://127.0.0.1:\(port)"]], options: options)
        let isPassed = report.isPassed
        #expect(isPassed, "\(report.text)")
        #expect(report.counts.effects >= 2 * completed && report.counts.foreignEntries > 0)
    }
}
