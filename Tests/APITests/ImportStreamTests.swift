import Core
import Foundation
import NIOCore
import Testing

@testable import API

@Suite("Bulk starts as streams", .serialized)
struct ImportStreamTests {
    @Test("Thousands of lines are started, answered in order and counted, and the results come while lines are sent")
    func many() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let answer = try await api.importing(ImportCall.lines(1...5000), within: .seconds(60))
            #expect(answer.lines == (1...5000).map { $0 })
            #expect(answer.statuses.allSatisfy { $0 == 202 })
            #expect(Set(answer.runIDs).count == 5000)
            #expect(answer.isComplete)
            #expect(try await api.runCount() == 5000)
            let metrics = try await api.client.send("GET", "/metrics").text
            #expect(metrics.contains(#"workflow_runs_started_total{workflowName="w"} 5000"#))
            #expect(metrics.contains(#"route="/v1/workflows/{name}/start-batch",status="200"} 1"#))
            // One by one the first of them would have its result only when the last is sent.
            try await api.client.connected { stream in
                try await stream.send(ImportCall.head() + ImportCall.chunk("{}\n"))
                try await stream.receive(until: #"{"line":1,"status":202,"#)
                try await stream.send(ImportCall.chunk("{}") + ImportCall.end)
                while try await stream.receive() {}
                #expect(try ImportAnswer(stream.received).statuses == [202, 202])
            }
        }
    }

    @Test("A client that reads nothing is not read from either, and is closed after a while")
    func deaf() async throws {
        try await TestAPI.with(["IDLE_TIMEOUT": "1s"]) { api in
            try await api.register()
            // Each line is refused, with a result a hundred times its size: gigabytes in all, if somebody kept them. What
            // is sent is more than the sockets between us hold.
            let lines = String(repeating: "x\n", count: 10_000)
            let before = try Memory.used()
            let (sent, growth) = try await api.client.connected(within: .seconds(30)) { stream in
                try await stream.send(ImportCall.head())
                var (sent, growth) = (0, 0)
                do {
                    for _ in 0..<2000 {
                        try await stream.send(ImportCall.chunk(lines))
                        sent += 1
                        growth = max(growth, try Memory.used() - before)
                    }
                } catch {
                    // Closed, while this waits to be read from.
                }
                return (sent, growth)
            }
            #expect(sent < 2000)
            #expect(growth < 100 << 20, "\(growth)")
        }
    }

    @Test("A client that goes on sending may take longer than a request may, and one that waits for results as well")
    func slow() async throws {
        try await TestAPI.with(["REQUEST_TIMEOUT": "200ms", "IMPORT_TIMEOUT": "600ms"]) { api in
            try await api.register()
            let answer = try await api.client.connected { stream in
                try await stream.send(ImportCall.head())
                for _ in 0..<6 {
                    // Two such pauses are longer than the limit: every byte begins it anew.
                    try await Task.sleep(for: .milliseconds(350))
                    try await stream.send(ImportCall.chunk("{}\n"))
                }
                try await stream.receive(until: #""line":6"#)
                try await api.database.query("BEGIN; LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
                try await stream.send(ImportCall.chunk("{}\n{}\n"))
                try await Task.sleep(for: .milliseconds(1200))
                try await api.database.query("COMMIT")
                try await stream.receive(until: #""line":8"#)
                try await stream.send(ImportCall.end)
                while try await stream.receive() {}
                return try ImportAnswer(stream.received)
            }
            #expect(answer.statuses == Array(repeating: 202, count: 8))
            #expect(answer.isComplete)
        }
    }

    @Test("A client that falls silent is told with which line to go on, and closed")
    func silent() async throws {
        try await TestAPI.with(["IMPORT_TIMEOUT": "200ms"]) { api in
            try await api.register()
            let began = ContinuousClock.now
            let answer = try await api.client.connected { stream in
                try await stream.send(ImportCall.head() + ImportCall.chunk("{}\n\n{}\n{\"input\":"))
                while try await stream.receive() {}
                return try ImportAnswer(stream.received)
            }
            #expect(answer.lines == [1, 3, nil])
            #expect(answer.statuses == [202, 202, 408])
            #expect(answer.results.last?["resumeFrom"] == 4)
            #expect(answer.problems.last == "request-timeout")
            #expect(answer.isComplete)
            #expect(.now - began < .seconds(5))
        }
    }

    @Test("Of a body that breaks off, the lines before are started, the broken one is not")
    func brokenOff() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let halfClosed = try await api.client.connected { stream in
                try await stream.send(ImportCall.head() + ImportCall.chunk("{}\n{}"))
                try await stream.receive(until: #""line":1"#)
                // What follows is no chunk.
                try await stream.send("zz\r\n")
                while try await stream.receive() {}
                return try ImportAnswer(stream.received)
            }
            #expect(halfClosed.statuses == [202, 400])
            #expect(halfClosed.results.last?["resumeFrom"] == 2)
            #expect(halfClosed.isComplete)
            try await api.database.query("BEGIN; LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
            try await api.client.connected { stream in
                try await stream.send(ImportCall.head() + ImportCall.chunk(ImportCall.lines(1...10) + "{}"))
                _ = try await api.database.awaitText(TestDatabase.somebodyWaits)
            }
            try await api.database.query("COMMIT")
            // The client went while its lines were being written. They stay.
            #expect(try await api.database.awaitText("SELECT count(*) FROM workflow_runs HAVING count(*) > 1") == "11")
        }
    }

    @Test("When the process is to stop, the lines read so far get their results, and the client learns where to go on")
    func shutdown() async throws {
        try await TestDatabase.with { database in
            let began = ContinuousClock.now
            try await withThrowingTaskGroup(of: ImportAnswer?.self) { tasks in
                let (clients, client) = AsyncStream<TestClient>.makeStream()
                let (opened, open) = AsyncStream<Void>.makeStream()
                tasks.addTask {
                    for await client in clients {
                        return try await client.connected { stream in
                            try await stream.send(ImportCall.head() + ImportCall.chunk(ImportCall.lines(1...100)))
                            try await stream.receive(until: #""line":1"#)
                            open.finish()
                            while try await stream.receive() {}
                            return try ImportAnswer(stream.received)
                        }
                    }
                    return nil
                }
                try await TestAPI.with(on: database) { api in
                    try await api.register()
                    client.yield(api.client)
                    for await _ in opened {}
                }
                for try await answer in tasks {
                    let answer = try #require(answer)
                    #expect(answer.statuses.dropLast().allSatisfy { $0 == 202 })
                    #expect(answer.statuses.last == 503)
                    #expect(answer.results.last?["resumeFrom"]?.int == answer.results.count)
                    #expect(answer.results.last?["retryAfter"] == 1)
                    #expect(answer.isComplete)
                    let rows = try await database.query("SELECT count(*) FROM workflow_runs")
                    #expect(rows == [["\(answer.results.count - 1)"]])
                }
            }
            #expect(.now - began < .seconds(8))
        }
    }

    @Test("A client that reads nothing does not hold up the end of the process for long")
    func deafShutdown() async throws {
        try await TestDatabase.with { database in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                let (clients, client) = AsyncStream<TestClient>.makeStream()
                let (opened, open) = AsyncStream<Void>.makeStream()
                tasks.addTask {
                    for await client in clients {
                        try await client.connected(within: .seconds(30)) { stream in
                            try await stream.send(ImportCall.head())
                            let lines = ImportCall.chunk(String(repeating: "x\n", count: 10_000))
                            do {
                                for index in 0..<2000 {
                                    if index == 2 { open.finish() }
                                    try await stream.send(lines)
                                }
                            } catch {
                                // Closed in the end.
                            }
                        }
                        return
                    }
                }
                let began: ContinuousClock.Instant = try await TestAPI.with(on: database) { api in
                    try await api.register()
                    client.yield(api.client)
                    for await _ in opened {}
                    return .now
                }
                #expect(.now - began < .seconds(15))
                try await tasks.waitForAll()
            }
        }
    }

    @Test("Two imports fill the queue no further than half: starts beside them find room, and no line is refused")
    func besideStarts() async throws {
        try await TestAPI.with(["STARTERS": "1", "START_QUEUE": "64"]) { api in
            try await api.register()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<2 {
                    tasks.addTask {
                        let answer = try await api.importing(ImportCall.lines(1...2000), within: .seconds(60))
                        #expect(answer.statuses == Array(repeating: 202, count: 2000))
                    }
                }
                for _ in 0..<20 {
                    tasks.addTask { for _ in 0..<20 { _ = try await api.start() } }
                }
                try await tasks.waitForAll()
            }
            #expect(try await api.runCount() == 4400)
        }
    }

    @Test("Lines that find the queue full wait until there is room")
    func overloaded() async throws {
        try await TestAPI.with(["STARTERS": "1", "START_QUEUE": "1"]) { api in
            try await api.register()
            try await api.database.query("BEGIN; LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { _ = try await api.start() }
                _ = try await api.database.awaitText(TestDatabase.somebodyWaits)
                tasks.addTask {
                    let answer = try await api.importing(ImportCall.lines(1...20))
                    #expect(answer.statuses == Array(repeating: 202, count: 20))
                }
                // One place is left, and four want it: the first to be answered is one that found none.
                let started = try await withThrowingTaskGroup(of: Int.self) { starts in
                    for _ in 0..<3 {
                        starts.addTask {
                            try await api.client.send("POST", "/v1/workflows/w/start", body: "{}").status
                        }
                    }
                    #expect(try await starts.next() == 503)
                    try await api.database.query("COMMIT")
                    return try await starts.reduce(0) { $0 + ($1 == 202 ? 1 : 0) }
                }
                try await tasks.waitForAll()
                #expect(try await api.runCount() == 21 + started)
            }
        }
    }

    @Test("When the database fails, every line that was read has its result, and those behind it are left alone")
    func databaseFails() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let answer = try await api.client.connected { stream in
                try await stream.send(ImportCall.head() + ImportCall.chunk("{}\n"))
                try await stream.receive(until: #""line":1,"status":202"#)
                try await api.database.query("ALTER TABLE workflow_runs RENAME TO elsewhere")
                try await stream.send(ImportCall.chunk("{}\n"))
                try await stream.receive(until: "resumeFrom")
                while try await stream.receive() {}
                return try ImportAnswer(stream.received)
            }
            #expect(answer.statuses == [202, 503, 503])
            #expect(answer.problems == [nil, "database-unavailable", "database-unavailable"])
            #expect(answer[1]["retryAfter"] == 2)
            #expect(answer.results.last?["resumeFrom"] == 3)
            #expect(answer.isComplete)
        }
    }
}

extension TestDatabase {
    /// A row once somebody waits for a lock in this database.
    static let somebodyWaits = """
        SELECT 1 FROM pg_locks WHERE NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
}

/// What this process has in memory.
private enum Memory {
    static func used(file: String = "/proc/self/statm") throws -> Int {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        return try #require(Int(text.split(separator: " ")[1])) * 4096
    }
}
