import Core
import Loops
import NIOCore
import Testing
import TestSupport

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

    @Test("The end of an answer never comes before what goes before it, however busy the loop of the connection")
    func order() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let end = Gate()
            try await withThrowingDiscardingTaskGroup { tasks in
                for _ in 0..<4 * System.coreCount {
                    tasks.addTask(executorPreference: LoopExecutors.shared.next()) {
                        while !end.isOpen, !Task.isCancelled { await Task.yield() }
                    }
                }
                defer { end.open() }
                for _ in 1...50 {
                    let answer = try await api.client.connected { stream in
                        // What follows the line is no chunk: with that the connection is at its end.
                        try await stream.send(ImportCall.head() + ImportCall.chunk("{}\n") + "zz\r\n")
                        while try await stream.receive() {}
                        return try ImportAnswer(stream.received)
                    }
                    #expect(answer.statuses == [202, 400])
                    #expect(answer.isComplete)
                }
            }
        }
    }

    @Test("A client that goes on sending may take longer than a request may, and one that waits for results as well")
    func slow() async throws {
        try await TestAPI.with(["REQUEST_TIMEOUT": "700ms", "IMPORT_TIMEOUT": "3s"]) { api in
            try await api.register()
            let answer = try await api.client.connected { stream in
                try await stream.send(ImportCall.head())
                for piece in [#"{"input""#, ":1", "}\n"] {
                    // Two such pauses are longer than the limit: every byte begins it anew.
                    try await Task.sleep(for: .milliseconds(1600))
                    try await stream.send(ImportCall.chunk(piece))
                }
                try await stream.receive(until: #""line":1"#)
                try await api.database.query("BEGIN; LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
                try await stream.send(ImportCall.chunk("{}\n{}\n"))
                try await Task.sleep(for: .milliseconds(4000))
                try await api.database.query("COMMIT")
                try await stream.receive(until: #""line":3"#)
                try await stream.send(ImportCall.end)
                while try await stream.receive() {}
                return try ImportAnswer(stream.received)
            }
            #expect(answer.statuses == [202, 202, 202])
            #expect(answer.isComplete)
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
                // More than the sockets between us hold: a client that sends on must still get its answer.
                try await stream.send(ImportCall.chunk("{}\n"))
                await Sent().flood(stream.outbound, limit: 1000)
                while try await stream.receive() {}
                return try ImportAnswer(stream.received)
            }
            #expect(answer.statuses.prefix(2) == [202, 503])
            #expect(answer[1]["retryAfter"] == 2)
            #expect(answer.problems.last == "database-unavailable")
            #expect(answer.lines.dropLast() == (1..<answer.results.count).map { $0 }[...])
            #expect(answer.results.last?["resumeFrom"]?.int == answer.results.count)
            #expect(answer.isComplete)
        }
    }
}
