import Core
import NIOCore
import Postgres

/// Steps that are no single call: elements of a list, children, signals and timers; and what one run with very many elements, or
/// children, does to others.
struct Kinds: Encodable, Sendable {
    let elements: Rate
    let children: Rate
    let signals: Rate
    let timers: Timers
    let large: Large
    let parent: Large

    struct Rate: Encodable, Sendable {
        /// Elements, children, or signals.
        let count: Int
        let seconds: Double
        let perSecond: Double
        /// For each of them.
        let cpuUs: ClosedLoop.CPU
    }

    /// Runs that wait for a time, which come due one after the other.
    struct Timers: Encodable, Sendable {
        let count: Int
        let perSecond: Double
        /// From the end of a wait to the commit that says so.
        let latenessMs: Percentiles
    }

    /// A run with a list of the most elements there may be, or with ten lists of as many children.
    struct Large: Encodable, Sendable {
        let elements: Int
        let seconds: Double
        /// The engine's memory before, and at its highest.
        let beforeBytes: Int
        let peakBytes: Int
        /// Start → finished of others: idle, and beside it.
        let aloneMs: Percentiles
        let besideMs: Percentiles
    }

    /// Elements of each list of the first measurement, and how many of them are at work at a time.
    static let (listed, parallel) = (50, 10)
    /// Lists of the parent with the most children.
    static let lists = 10
    /// How long the timers run.
    static let wait = 8
}

/// What they run.
private enum KindWorkflow {
    static let elements = "bench-elements"
    static let large = "bench-large"
    static let signals = "bench-signals"
    static let child = "bench-child"
    static let children = "bench-children"
    static let parent = "bench-parent"
    static let timers = "bench-timers"

    static let definitions: [JSON] = [
        list(elements, maxParallel: Kinds.parallel), list(large, maxParallel: 100),
        [
            "name": .string(child), "version": "1.0.0",
            "steps": [
                [
                    "id": "call", "timeout": "120s",
                    "action": ["participant": .string(BenchWorkflow.participant), "path": "/each", "body": "${input}"],
                    "compensation": ["participant": .string(BenchWorkflow.participant), "path": "/each/undo"],
                ]
            ],
        ],
        families(children, lists: 1, maxParallel: Kinds.parallel),
        families(parent, lists: Kinds.lists, maxParallel: 100),
        [
            "name": .string(timers), "version": "1.0.0",
            "steps": [["id": "wait", "wait": ["for": .string("\(Kinds.wait)s")]]],
        ],
        [
            "name": .string(signals), "version": "1.0.0",
            "steps": [["id": "wait", "await": ["signal": "go"]]],
        ],
    ]

    private static func list(_ name: String, maxParallel: Int) -> JSON {
        let participant = JSON.string(BenchWorkflow.participant)
        return [
            "name": .string(name), "version": "1.0.0",
            "steps": [
                [
                    "id": "each", "timeout": "120s",
                    "forEach": ["in": "${input.items}", "maxParallel": JSON(maxParallel)],
                    "action": ["participant": participant, "path": "/each", "body": "${item}"],
                    "compensation": ["participant": participant, "path": "/each/undo"],
                ]
            ],
        ]
    }

    /// Lists of children, side by side.
    private static func families(_ name: String, lists: Int, maxParallel: Int) -> JSON {
        [
            "name": .string(name), "version": "1.0.0",
            "steps": .array(
                (0..<lists).map { list in
                    [
                        "id": .string("kids-\(list)"), "dependsOn": [],
                        "forEach": ["in": "${input.items}", "maxParallel": JSON(maxParallel)],
                        "run": ["workflow": .string(child), "input": "${item}"],
                    ]
                }), "output": 1,
        ]
    }

    static func items(_ count: Int) -> JSON {
        ["items": .array((0..<count).map { ["sku": .string("sku-\($0)"), "quantity": 1] })]
    }
}

extension Session {
    func kinds() async throws -> Kinds {
        try await mainSystem()
        for definition in KindWorkflow.definitions { try await system.register(definition) }
        let elements = try await system.elements(sizes.halfRuns)
        let children = try await system.children(sizes.halfRuns / 3)
        let signals = try await system.signals(sizes.halfRuns / 3)
        let timers = try await system.timers(sizes.halfRuns / 2)
        let items = KindWorkflow.items(ForEachDefinition.maxElements)
        return Kinds(
            elements: elements, children: children, signals: signals, timers: timers,
            large: try await system.large(
                KindWorkflow.large, items, of: ForEachDefinition.maxElements, sizes.latencySeconds),
            parent: try await system.large(
                KindWorkflow.parent, items, of: Kinds.lists * ForEachDefinition.maxElements, sizes.latencySeconds))
    }
}

extension MeasuredSystem {
    /// As many elements as this, in runs with lists.
    fileprivate func elements(_ count: Int) async throws -> Kinds.Rate {
        let runs = max(1, count / Kinds.listed)
        let lists = target.starting(KindWorkflow.elements, KindWorkflow.items(Kinds.listed))
        try await participant.reset()
        let rate = try await rate(of: runs * Kinds.listed) { database in
            let load = try await Driver.run(.closed(runs: runs), at: lists)
            try await database.waitUntilIdle(since: load.begunAt)
            try await database.requireEnded(runs, as: .completed, since: load.begunAt)
            return Double(try await database.lastEnd(since: load.begunAt) - load.begunAt) / 1e6
        }
        let calls = try await participant.counts().calls
        guard calls == runs * Kinds.listed else { throw BenchError.invalid("\(calls) calls for \(runs) lists") }
        return rate
    }

    /// As many children, of runs with lists.
    fileprivate func children(_ count: Int) async throws -> Kinds.Rate {
        let runs = max(1, count / Kinds.listed)
        let parents = target.starting(KindWorkflow.children, KindWorkflow.items(Kinds.listed))
        return try await rate(of: runs * Kinds.listed) { database in
            let load = try await Driver.run(.closed(runs: runs), at: parents)
            try await database.waitUntilIdle(since: load.begunAt)
            try await database.requireEnded(runs * (Kinds.listed + 1), as: .completed, since: load.begunAt)
            return Double(try await database.lastEnd(since: load.begunAt) - load.begunAt) / 1e6
        }
    }

    /// As many runs wait for as long each; they come due as fast as they were started.
    fileprivate func timers(_ count: Int) async throws -> Kinds.Timers {
        try await TimeLimit.within {
            try await BenchDatabase.with(databaseURL) { database in
                let load = try await Driver.run(.closed(runs: count), at: target.starting(KindWorkflow.timers, [:]))
                try await database.waitUntilIdle(since: load.begunAt)
                try await database.requireEnded(count, as: .completed, since: load.begunAt)
                let late = try await database.connection.simpleQuery(
                    """
                    SELECT (extract(epoch FROM ended.at - (began.data->>'until')::timestamptz) * 1000000)::int8
                    FROM run_events began JOIN run_events ended USING (run_id)
                    WHERE began.run_id >= first_run_id(\(BenchDatabase.time(load.begunAt)))
                        AND began.kind = 'wait_started' AND ended.kind = 'step_succeeded'
                    """
                ).compactMap { $0.first.flatMap { $0 }.flatMap { Int($0) } }
                guard late.count == count, late.allSatisfy({ $0 >= 0 }) else {
                    throw BenchError.invalid("\(late.count) of \(count) waits ended, or one before its time")
                }
                let seconds = Double(try await database.lastEnd(since: load.begunAt) - load.begunAt) / 1e6
                return Kinds.Timers(
                    count: count, perSecond: (Double(count) / (seconds - Double(Kinds.wait))).figure,
                    latenessMs: Percentiles(late.map { Double($0) / 1000 }))
            }
        }
    }

    /// As many runs wait, each for a signal; then all get theirs, on several connections.
    fileprivate func signals(_ count: Int) async throws -> Kinds.Rate {
        let since = WallClock.microseconds
        _ = try await Driver.run(.closed(runs: count), at: target.starting(KindWorkflow.signals, [:]))
        let ids = try await BenchDatabase.with(databaseURL) { database in
            let giveUpAt = ContinuousClock.now + .seconds(60)
            while try await database.waiting() < count {
                guard ContinuousClock.now < giveUpAt else { throw BenchError.stalled("not all runs wait for a signal") }
                try await Task.sleep(for: .milliseconds(100))
            }
            return try await database.connection.simpleQuery(
                "SELECT run_id FROM workflow_runs WHERE \(BenchDatabase.runs(since))"
            ).compactMap { $0.first ?? nil }
        }
        guard ids.count == count else { throw BenchError.invalid("\(ids.count) runs were started, not \(count)") }
        return try await rate(of: count) { database in
            let begin = WallClock.microseconds
            try await sendSignals(to: ids)
            try await database.waitUntilIdle(since: since)
            try await database.requireEnded(count, as: .completed, since: since)
            return Double(try await database.lastEnd(since: since) - begin) / 1e6
        }
    }

    private func sendSignals(to ids: [String]) async throws {
        let (port, connections) = (target.port, 64)
        let loop = loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<connections {
                group.addTask {
                    let client = try await HTTPConnection(port: port, on: loop)
                    for index in stride(from: part, to: ids.count, by: connections) {
                        let reply = try await client.send(
                            HTTPConnection.request(
                                "POST", "/v1/runs/\(ids[index])/signals/go", body: ["ok": true], port: port))
                        guard reply.status == 202 else {
                            throw BenchError.refused(status: reply.status, body: reply.body)
                        }
                    }
                    try await client.close()
                }
            }
            try await group.waitForAll()
        }
    }

    /// Others' latency, alone and beside one such run after the other.
    fileprivate func large(_ workflow: String, _ items: JSON, of count: Int, _ seconds: Int) async throws -> Kinds.Large
    {
        let alone = try await latency(seconds: seconds)
        let engine = try process(.engine, "engine-1")
        let before = try engine.memory().now
        try engine.forgetPeak()
        let large = target.starting(workflow, items)
        let (url, loop) = (databaseURL, loop)
        async let lists = Self.lists(large, url, seconds, on: loop)
        let beside = try await latency(seconds: seconds)
        return Kinds.Large(
            elements: count, seconds: (try await lists.max() ?? 0).figure,
            beforeBytes: before, peakBytes: try engine.memory().peak, aloneMs: alone.finishMs,
            besideMs: beside.finishMs)
    }

    /// Lists one after the other for so long; how many seconds each took.
    private static func lists(
        _ target: APITarget, _ url: String, _ seconds: Int, on loop: any EventLoop
    ) async throws -> [Double] {
        try await BenchDatabase.with(url) { database in
            let client = try await HTTPConnection(port: target.port, on: loop)
            let begin = ContinuousClock.now
            var times: [Double] = []
            while ContinuousClock.now - begin < .seconds(seconds) {
                let (run, reply) = try await target.start(on: client)
                let end = try await database.connection.watch(
                    run, until: reply.sentAt + .seconds(60), every: 5000)
                times.append(Double((end - reply.sentAt).nanoseconds) / 1e9)
            }
            try await client.close()
            return times
        }
    }

    private func rate(of count: Int, _ body: (BenchDatabase) async throws -> Double) async throws -> Kinds.Rate {
        try await TimeLimit.within {
            try await BenchDatabase.with(databaseURL) { database in
                let meter = try CPUMeter(try processes(engines: 1))
                let seconds = try await body(database)
                return Kinds.Rate(
                    count: count, seconds: seconds.figure, perSecond: (Double(count) / seconds).figure,
                    cpuUs: ClosedLoop.CPU(try meter.read(), runs: count))
            }
        }
    }
}
