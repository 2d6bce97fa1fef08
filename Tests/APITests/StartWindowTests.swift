import Storage
import Synchronization
import Testing
import TestSupport

@testable import API

@Suite("Starts wait for their turn", .timeLimit(.minutes(3)))
struct StartWindowTests {
    private struct Failed: Error {}

    /// Work that goes on until it is told to end, and the order in which it began.
    private final class Works: Sendable {
        let begun = Mutex<[Int]>([])
        private let ends: AsyncStream<Void>
        private let end: AsyncStream<Void>.Continuation

        init() { (ends, end) = AsyncStream.makeStream(of: Void.self) }

        func work(_ number: Int) async {
            begun.withLock { $0.append(number) }
            for await _ in ends { break }
        }

        func endOne() { end.yield() }

        func awaitBegun(_ count: Int) async {
            while begun.withLock({ $0.count }) < count { await Task.yield() }
        }
    }

    @Test("So many are worked on, so many wait in the order they came, and more are refused")
    func bounds() async throws {
        let window = StartWindow(size: 2, maxWaiting: 2)
        let works = Works()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 1...4 {
                tasks.addTask { try await window.pass(of: "a") { await works.work(number) } }
                if number <= 2 {
                    await works.awaitBegun(number)
                } else {
                    while window.waitingCount < number - 2 { await Task.yield() }
                }
            }
            await #expect(throws: StoreError.self) {
                try await window.pass(of: "a") { Issue.record("there was no room") }
            }
            #expect(works.begun.withLock { $0 } == [1, 2])
            for begun in 3...4 {
                works.endOne()
                await works.awaitBegun(begun)
            }
            #expect(works.begun.withLock { $0 } == [1, 2, 3, 4])
            works.endOne()
            works.endOne()
            try await tasks.waitForAll()
        }
        #expect(window.waitingCount == 0)
    }

    @Test(
        "Turns go round the tenants; one that fills the room loses its last to one that has fewer, and nobody else does"
    )
    func tenants() async {
        let window = StartWindow(size: 1, maxWaiting: 4)
        let works = Works()
        await withTaskGroup(of: Int?.self) { tasks in
            func start(_ number: Int, _ tenant: String) {
                tasks.addTask {
                    do { try await window.pass(of: tenant) { await works.work(number) } } catch { return number }
                    return nil
                }
            }
            start(0, "a")
            await works.awaitBegun(1)
            for number in 1...4 {
                start(number, "a")
                while window.waitingCount < number { await Task.yield() }
            }
            start(5, "b")
            #expect(await tasks.next() == .some(4), "the last of the tenant with the most")
            start(6, "b")
            #expect(await tasks.next() == .some(3))
            start(7, "b")
            #expect(await tasks.next() == .some(7), "both have two now")
            for begun in 2...5 {
                works.endOne()
                await works.awaitBegun(begun)
            }
            #expect(works.begun.withLock { $0 } == [0, 1, 5, 2, 6])
            works.endOne()
            for _ in 0..<5 { #expect(await tasks.next() == .some(nil)) }
        }
        #expect(window.waitingCount == 0)
    }

    @Test("Work that fails leaves its place to others")
    func failure() async throws {
        let window = StartWindow(size: 1, maxWaiting: 0)
        for _ in 0..<3 {
            await #expect(throws: Failed.self) { try await window.pass(of: "a") { throw Failed() } }
        }
        #expect(try await window.pass(of: "a") { 7 } == 7)
    }

    @Test("Whose turn comes too late is refused, and leaves its place to others")
    func patience() async throws {
        let window = StartWindow(size: 1, maxWaiting: 10, patience: .milliseconds(20))
        let works = Works()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await window.pass(of: "a") { await works.work(1) } }
            await works.awaitBegun(1)
            for _ in 0..<2 {
                tasks.addTask {
                    await #expect(throws: StoreError.self) {
                        try await window.pass(of: "a") { Issue.record("it came too late") }
                    }
                }
            }
            while window.waitingCount < 2 { await Task.yield() }
            try await Task.sleep(for: .milliseconds(40))
            works.endOne()
            try await tasks.waitForAll()
        }
        #expect(try await window.pass(of: "a") { 7 } == 7)
    }

    @Test("A client that does not send its body keeps nobody from their turn")
    func slowBody() async throws {
        try await TestAPI.with(["START_WINDOW": "1"]) { api in
            try await api.register()
            try await api.client.connected { stream in
                try await stream.send(
                    "POST /v1/workflows/w/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        + "Content-Length: 2\r\n\r\n{")
                try await Task.sleep(for: .milliseconds(200))
                let asked = ContinuousClock.now
                #expect(try await api.client.send("POST", "/v1/workflows/w/start", body: "{}").status == 202)
                #expect(.now - asked < .seconds(5), "the slow one has eight seconds")
            }
        }
    }

    @Test("While a start waits for its turn, everything else is answered; then it is written, too")
    func endToEnd() async throws {
        try await TestAPI.with(["START_WINDOW": "1", "START_QUEUE": "1"]) { api in
            try await api.register()
            try await api.database.query("BEGIN; LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE")
            try await withThrowingTaskGroup(of: [Int].self) { starts in
                func start(_ number: Int) {
                    starts.addTask {
                        [number, try await api.client.send("POST", "/v1/workflows/w/start", body: "{}").status]
                    }
                }
                start(1)
                _ = try await api.database.awaitText(TestDatabase.somebodyWaits)
                start(2)
                while try await !api.client.send("GET", "/metrics").text.contains("starts_waiting 1") {
                    try await Task.sleep(for: .milliseconds(10))
                }
                start(3)
                #expect(try await starts.next() == [3, 503], "there is room for one to wait")
                #expect(try await api.client.send("GET", "/health").status == 200)
                try await api.database.query("COMMIT")
                let others = try await starts.reduce(into: [[Int]]()) { $0.append($1) }
                #expect(Set(others) == [[1, 202], [2, 202]])
            }
            #expect(try await api.runCount() == 2)
        }
    }
}
