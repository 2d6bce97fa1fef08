import Core
import NIOCore
import NIOPosix

/// How long the console's lists take with a million runs, how large they are, and what many open consoles cost while nothing happens.
struct ConsolePages: Encodable, Sendable {
    let runs: Int
    let pages: [Page]
    let idle: Idle

    /// From a request to the whole answer, one after the other, over one connection.
    struct Page: Encodable, Sendable {
        let name: String
        let p50Ms: Double
        let p95Ms: Double
        let bytes: Int
    }

    /// Percent of a core; what API and Postgres take without any console is not among it.
    struct Idle: Encodable, Sendable {
        let consoles: Int
        let seconds: Int
        let apiPercent: Double
        let postgresPercent: Double
        let withoutPercent: Double
        /// Answers that had nothing new, of all.
        let unchanged: Int
        let answers: Int

        var percent: Double { apiPercent + postgresPercent }
    }

    static let consoles = 200
    /// As the pages' script asks.
    static let every: Duration = .seconds(5)
}

extension Session {
    func console() async throws -> ConsolePages {
        try await mainSystemGone()
        try await requireDisk(for: sizes.consoleRuns * 2, "finished")
        try await system.seedHistory(runs: sizes.consoleRuns)
        for statement in ConsoleSeed.statements { try await system.query(statement, in: "history") }
        try await system.up("history", ["CONSOLE_RATE=1000000/1m", "CONSOLE_BURST=100000"])
        try await system.startEngine()
        var pages: [ConsolePages.Page] = []
        let reader = try await ConsoleReader(system)
        let run = try await reader.aRun()
        for (name, path) in ConsoleSeed.pages + [("one run", "/console/runs/\(run)")] {
            pages.append(try await reader.measure(name, path, times: sizes.consoleLoads))
            Console.note(Figures.text(pages.last))
        }
        try await reader.close()
        let idle = try await system.idleConsoles(watching: run, seconds: sizes.consoleSeconds)
        try await system.gone("history")
        return ConsolePages(runs: sizes.consoleRuns, pages: pages, idle: idle)
    }
}

/// Somebody who is logged in, at one connection.
struct ConsoleReader: Sendable {
    private let connection: HTTPConnection
    private let cookie: String
    private let port: Int

    init(_ system: MeasuredSystem) async throws {
        port = system.target.port
        connection = try await HTTPConnection(port: port, on: system.loop)
        cookie = try await system.logIn(connection)
    }

    var isOpen: Bool { connection.isOpen }

    func close() async throws { try await connection.close() }

    /// - Parameter tag: of the page that is there already.
    func get(_ path: String, tag: String? = nil, accept: String = "text/html") async throws -> HTTPConnection.Reply {
        let known = tag.map { "if-none-match: \($0)\r\n" } ?? ""
        return try await connection.send(
            ByteBuffer(
                string:
                    "GET \(path) HTTP/1.1\r\nhost: localhost:\(port)\r\ncookie: \(cookie)\r\naccept: \(accept)\r\n\(known)\r\n"
            ))
    }

    /// A live run with a page of its own.
    func aRun() async throws -> String {
        let page = try await get("/console/runs?waitingFor=retry").body
        guard let match = page.firstMatch(of: #/data-key="([0-9a-f-]{36})"/#) else {
            throw BenchError.invalid("no run waits: \(page.prefix(300))")
        }
        return String(match.output.1)
    }

    /// The first answers are not counted.
    func measure(_ name: String, _ path: String, times: Int) async throws -> ConsolePages.Page {
        var (took, bytes) = ([Double](), 0)
        for round in 0..<(times + 3) {
            let reply = try await get(path)
            guard reply.status == 200 else { throw BenchError.refused(status: reply.status, body: reply.body) }
            bytes = reply.body.utf8.count
            if round >= 3 { took.append((reply.receivedAt - reply.sentAt).milliseconds) }
        }
        let sorted = took.sorted()
        return ConsolePages.Page(
            name: name, p50Ms: Percentiles.nearestRank(50, in: sorted).figure,
            p95Ms: Percentiles.nearestRank(95, in: sorted).figure, bytes: bytes)
    }

    /// Looks again and again, as an open page does, for so long.
    ///
    /// - Returns: answers, and those that had nothing new.
    func keepUp(_ path: String, seconds: Int, after delay: Duration) async throws -> (answers: Int, unchanged: Int) {
        try await Task.sleep(for: delay)
        var tag = try await get(path).header("etag")
        var (answers, unchanged) = (0, 0)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try await Task.sleep(for: ConsolePages.every)
            let reply = try await get(path, tag: tag)
            answers += 1
            if reply.status == 304 { unchanged += 1 } else { tag = reply.header("etag") }
        }
        return (answers, unchanged)
    }
}

extension MeasuredSystem {
    /// Consoles as people leave them open: a third at Now, a third at lists with different filters, a third at a run.
    fileprivate func idleConsoles(watching run: String, seconds: Int) async throws -> ConsolePages.Idle {
        let measured = [try process(.api), try process(.postgres)]
        func percent(_ meter: CPUMeter, _ role: MeasuredProcess.Role, _ seconds: Double) throws -> Double {
            (try meter.read()[role] ?? 0) / seconds / 10_000
        }
        let before = try CPUMeter(measured)
        try await Task.sleep(for: .seconds(seconds))
        let without = (
            try percent(before, .api, Double(seconds)), try percent(before, .postgres, Double(seconds))
        )
        var readers: [ConsoleReader] = []
        for _ in 0..<ConsolePages.consoles { readers.append(try await ConsoleReader(self)) }
        let lists = ConsoleSeed.pages.filter { $0.path.hasPrefix("/console/runs") }.map(\.path)
        let (api, postgres, answers, unchanged) = try await withThrowingTaskGroup(of: (Int, Int).self) { tasks in
            for (place, reader) in readers.enumerated() {
                // They were not opened at the same moment.
                let delay = ConsolePages.every * Double(place) / Double(readers.count)
                let path = place % 3 == 0 ? "/console/now" : lists[place / 3 % lists.count]
                tasks.addTask {
                    if place % 3 == 2 {
                        _ = try await reader.get(
                            "/console/runs/\(run)/stream?after=1", accept: "text/event-stream")
                        return (0, 0)
                    }
                    return try await reader.keepUp(path, seconds: seconds + 10, after: delay)
                }
            }
            // All of them are there by then.
            try await Task.sleep(for: ConsolePages.every + .seconds(5))
            let meter = try CPUMeter(measured)
            try await Task.sleep(for: .seconds(seconds))
            let used = (try percent(meter, .api, Double(seconds)), try percent(meter, .postgres, Double(seconds)))
            var sum = (0, 0)
            guard readers.allSatisfy(\.isOpen) else {
                throw BenchError.invalid("\(readers.count { !$0.isOpen }) of \(readers.count) consoles were cut off")
            }
            for try await (answers, unchanged) in tasks { sum = (sum.0 + answers, sum.1 + unchanged) }
            return (used.0, used.1, sum.0, sum.1)
        }
        for reader in readers { try await reader.close() }
        return ConsolePages.Idle(
            consoles: readers.count, seconds: seconds, apiPercent: (api - without.0).figure,
            postgresPercent: (postgres - without.1).figure, withoutPercent: (without.0 + without.1).figure,
            unchanged: unchanged, answers: answers)
    }
}

extension HTTPConnection.Reply {
    /// What a browser sends back.
    var cookie: String? { header("set-cookie").map { String($0.prefix { $0 != ";" }) } }

    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix(name + ":") {
            return String(line.dropFirst(name.count + 1).drop { $0 == " " })
        }
        return nil
    }
}
