import Core
import Testing
import TestSupport

@testable import API

@Suite("Bulk starts that end before their time", .serialized)
struct ImportEndTests {
    @Test("A client that reads nothing is not read from either, and is closed after a while")
    func deaf() async throws {
        try await TestAPI.with(["IDLE_TIMEOUT": "1s"]) { api in
            try await api.register()
            let before = try Memory.used()
            let sent = Sent()
            let growth = try await api.client.connected(within: .seconds(30)) { stream in
                try await stream.send(ImportCall.head())
                var growth = 0
                await sent.flood(stream.outbound) { growth = max(growth, try Memory.used() - before) }
                return growth
            }
            #expect(sent.count < Sent.limit)
            #expect(growth < 100 << 20, "\(growth)")
        }
    }

    @Test("A client that goes while nobody can read from it or write to it leaves nothing behind")
    func gone() async throws {
        let gone: ContinuousClock.Instant = try await TestAPI.with { api in
            try await api.register()
            try await api.client.connected(within: .seconds(30)) { stream in
                try await stream.send(ImportCall.head())
                let (writer, sent) = (stream.outbound, Sent())
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask { await sent.flood(writer) }
                    try await sent.untilStuck()
                    tasks.cancelAll()
                }
            }
            return .now
        }
        #expect(.now - gone < .seconds(10))
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
            #expect(try await api.database.awaitText("SELECT count(*) FROM workflow_runs HAVING count(*) > 10") == "11")
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
                let sent = Sent()
                tasks.addTask {
                    for await client in clients {
                        return try await client.connected(within: .seconds(40)) { stream in
                            try await stream.send(ImportCall.head())
                            await sent.flood(stream.outbound)
                        }
                    }
                }
                let began: ContinuousClock.Instant = try await TestAPI.with(on: database) { api in
                    try await api.register()
                    client.yield(api.client)
                    try await sent.untilStuck()
                    return .now
                }
                #expect(.now - began < .seconds(15))
                try await tasks.waitForAll()
            }
        }
    }

    @Test("When the process is to stop while there is no room for lines, they are told so, and the answer ends")
    func fullShutdown() async throws {
        try await TestDatabase.with { database in
            try await withThrowingTaskGroup(of: ImportAnswer?.self) { tasks in
                let (apis, apiStream) = AsyncStream<TestAPI>.makeStream()
                tasks.addTask {
                    for await api in apis {
                        return try await api.importing(ImportCall.lines(1...20), within: .seconds(30))
                    }
                    return nil
                }
                try await TestAPI.with(["STARTERS": "1", "START_QUEUE": "1"], on: database) { api in
                    try await api.register()
                    try await database.query("BEGIN; LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
                    apiStream.yield(api)
                    // One line is being written, the others wait for their turn.
                    _ = try await database.awaitText(TestDatabase.somebodyWaits)
                }
                let answer = try #require(try await tasks.next() ?? nil)
                #expect(answer.lines == (1...20).map { $0 })
                #expect(answer.statuses == Array(repeating: 503, count: 20))
                #expect(answer.problems.dropFirst().allSatisfy { $0 == "overloaded" }, "\(answer.problems)")
                #expect(answer.isComplete)
                try await database.query("ROLLBACK")
            }
        }
    }
}
