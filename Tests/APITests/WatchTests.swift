import Core
import Storage
import Synchronization
import Testing
import TestSupport

@testable import API

@Suite("Whoever waits for runs shares one look at the database, and there are so many places to wait")
struct WatchTests {
    /// What the database says, and what it was asked.
    private final class Looks: Sendable {
        private struct State {
            var asked: [[RunID]] = []
            var sights: [RunID: RunSight] = [:]
            var isAway = false
            var running = 0
            var mostRunning = 0
        }
        private let state = Mutex(State())

        var asked: [[RunID]] { state.withLock { $0.asked } }
        var mostRunning: Int { state.withLock { $0.mostRunning } }

        func set(_ id: RunID, _ status: RunStatus?, _ sequence: Int = 1) {
            state.withLock { $0.sights[id] = status.map { RunSight(runID: id, status: $0, sequence: sequence) } }
        }

        func goAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

        func look(_ ids: [RunID]) async throws(StoreError) -> [RunSight] {
            state.withLock { state in
                state.asked.append(ids)
                state.running += 1
                state.mostRunning = max(state.mostRunning, state.running)
            }
            await Task.yield()
            let (sights, isAway) = state.withLock { state in
                state.running -= 1
                return (ids.compactMap { state.sights[$0] }, state.isAway)
            }
            if isAway { throw .overloaded }
            return sights
        }
    }

    private static func with(_ body: @escaping @Sendable (RunWatch, Looks) async throws -> Void) async throws {
        let looks = Looks()
        let watch = RunWatch { ids throws(StoreError) in try await looks.look(ids) }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await watch.run() }
            try await body(watch, looks)
            tasks.cancelAll()
        }
    }

    private static func ids(_ count: Int) -> [RunID] { (1...count).map { RunID(high: 1, low: UInt64($0)) } }

    @Test("A hundred who wait for three runs are one question at a time, and nobody asks when nobody waits")
    func shared() async throws {
        try await Self.with { watch, looks in
            let ids = Self.ids(3)
            for id in ids { looks.set(id, .running) }
            await withTaskGroup(of: RunWatch.Outcome.self) { tasks in
                for number in 0..<100 {
                    tasks.addTask {
                        await watch.wait(for: ids[number % 3], atMost: .seconds(10), pace: .end) { $0.isOver }
                    }
                }
                while looks.asked.count < 5 { await Task.yield() }
                for id in ids { looks.set(id, .completed, 7) }
                for await outcome in tasks {
                    guard case .happened(let sight) = outcome else {
                        Issue.record("\(outcome)")
                        continue
                    }
                    #expect(sight.sequence == 7 && sight.isOver)
                }
            }
            let asked = looks.asked
            #expect(asked.allSatisfy { !$0.isEmpty && Set($0).count == $0.count })
            #expect(looks.mostRunning == 1)
            #expect(asked.count < 100, "\(asked.count) looks")
            // That nothing happens can only be seen in time.
            try await Task.sleep(for: .milliseconds(100))
            #expect(looks.asked.count == asked.count)
            // And it wakes up again.
            #expect(await watch.wait(for: ids[0], atMost: .seconds(5), pace: .end) { $0.isOver } != .nothing)
        }
    }

    @Test("A wait ends with its time, with its client, and with the run")
    func ends() async throws {
        try await Self.with { watch, looks in
            let ids = Self.ids(3)
            looks.set(ids[0], .running)
            let begun = ContinuousClock.now
            #expect(await watch.wait(for: ids[0], atMost: .milliseconds(80), pace: .end) { $0.isOver } == .nothing)
            #expect(.now - begun >= .milliseconds(80))
            #expect(await watch.wait(for: ids[1], atMost: .seconds(10), pace: .end) { $0.isOver } == .gone)
            let client = Task { await watch.wait(for: ids[0], atMost: .seconds(30), pace: .end) { $0.isOver } }
            let before = looks.asked.count
            while looks.asked.count == before { await Task.yield() }
            client.cancel()
            #expect(await client.value == .nothing)
            let gone = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await watch.wait(for: ids[0], atMost: .seconds(30), pace: .end) { $0.isOver }
            }
            #expect(await gone.value == .nothing)
            #expect(.now - begun < .seconds(8))
        }
    }

    @Test("A database that is away ends no wait")
    func away() async throws {
        try await Self.with { watch, looks in
            let id = Self.ids(1)[0]
            looks.goAway(true)
            looks.set(id, .completed)
            async let waiting = watch.wait(for: id, atMost: .seconds(20), pace: .end) { $0.isOver }
            while looks.asked.isEmpty { await Task.yield() }
            looks.goAway(false)
            #expect(await waiting == .happened(RunSight(runID: id, status: .completed, sequence: 1)))
        }
    }

    @Test("When the watch ends, whoever waits is sent away, and nobody waits any more")
    func stops() async throws {
        let looks = Looks()
        let watch = RunWatch { ids throws(StoreError) in try await looks.look(ids) }
        let id = Self.ids(1)[0]
        looks.set(id, .running)
        let running = Task { await watch.run() }
        async let waiting = watch.wait(for: id, atMost: .seconds(30), pace: .end) { $0.isOver }
        while looks.asked.isEmpty { await Task.yield() }
        running.cancel()
        await running.value
        #expect(await waiting == .nothing)
        #expect(await watch.wait(for: id, atMost: .seconds(30), pace: .end) { $0.isOver } == .nothing)
    }

    @Test("Beyond the places there are, a client is refused: a start before anything of it is written")
    func places() async throws {
        try await TestAPI.with(["WATCHERS": "3", "WATCHERS_PER_CLIENT": "2"]) { api in
            try await api.register()
            let id = try await api.start()
            let stream = "GET /v1/runs/\(id)/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"
            try await api.client.connected { first in
                try await first.send(stream)
                try await first.receive(until: "id: 1\n")
                try await api.client.connected { second in
                    try await second.send(stream)
                    try await second.receive(until: "id: 1\n")
                    let before = try await api.database.rowCount()
                    let refused = try await api.client.send(
                        "GET", "/v1/runs/\(id)/events", ["Accept": "text/event-stream"])
                    let start = try await api.client.send(
                        "POST", "/v1/workflows/w/start", body: "{}", ["Prefer": "wait=1"])
                    for answer in [refused, start] {
                        #expect(answer.status == 503 && answer.problem == "too-many-watchers")
                        #expect(answer.headers["retry-after"] == "5")
                    }
                    #expect(try await api.database.rowCount() == before)
                    let metrics = try await api.client.send("GET", "/metrics").text
                    for line in [
                        #"run_watchers{kind="stream"} 2"#, #"run_watchers{kind="wait"} 0"#,
                        #"run_watchers_refused_total{kind="stream"} 1"#, #"run_watchers_refused_total{kind="wait"} 1"#,
                    ] { #expect(metrics.contains(line + "\n"), "\(line)") }
                    _ = try await api.start()
                }
            }
            // Both clients have gone; their places come back when that is noticed.
            let giveUpAt = ContinuousClock.now + .seconds(5)
            while true {
                let answer = try await api.client.send(
                    "POST", "/v1/workflows/w/start", body: "{}", ["Prefer": "wait=1"])
                if answer.status == 202 { break }
                try #require(.now < giveUpAt, "\(answer.text)")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
