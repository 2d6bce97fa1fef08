import Core
import Postgres
@testable import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Partitions come and go, and no run is lost that somebody needs")
struct PartitionTests {
    private final class Flag: Sendable {
        let isUp = Atomic(false)
    }

    private static let day = Duration.seconds(86_400)
    private static let month = day * 30

    /// An id as it was made this long ago.
    private func id(_ age: Duration) -> RunID {
        let then = Instant.now - age
        return .v7(
            milliseconds: UInt64(then.microseconds / 1000),
            random: (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max)))
    }

    /// Makes the partitions of all tables around the time this long ago.
    private func makePartitions(_ test: TestDatabase, around age: Duration) async throws {
        for table in PartitionedTable.allCases {
            try await test.execute(
                """
                SELECT create_run_partition('\(table.rawValue)', t - interval '1 hour', t + interval '1 hour')
                FROM (SELECT date_trunc('minute', now() - \(age.microseconds) * interval '1 microsecond') AS t) x
                """)
        }
    }

    /// Every row of a run, wherever it is.
    private func rows(_ test: TestDatabase, _ run: RunID) async throws -> [[String?]] {
        try await test.snapshot().filter { $0[1]?.contains(run.description) == true }
    }

    private func run(_ age: Duration, _ definition: WorkflowDefinition) -> NewRun { .sample(definition, id: id(age)) }

    @Test("The first id of a time is not behind any that was made at that time")
    func firstID() async throws {
        try await TestDatabase.with { test in
            // The last microsecond of a millisecond.
            let first = try await test.value(
                "SELECT first_run_id(to_timestamp(0) + 1790000000123999 * interval '1 microsecond')")
            let made = RunID.v7(milliseconds: 1_790_000_000_123, random: (0, 0)).description
            #expect(first == made.prefix(13) + "-0000-0000-000000000000")
        }
    }

    @Test("A new database has partitions for now; what is made ahead is found there, and again finds nothing to do")
    func madeAhead() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            try await TestEngine(test, definition).start([.sample(definition)])
            let tables = "SELECT count(*) FROM run_journal_default"
            #expect(try await test.value(tables) == "0", "the run is in a partition of its own time")
            let store = PartitionStore(test.database)
            let (_, ahead) = try await store.maintain(retention: Self.month)
            #expect(ahead >= Self.day * 7)
            let hourly = try await store.maintain(retention: .seconds(3600))
            #expect(hourly.changes.isEmpty, "what reaches far enough is enough")
            let (changes, _) = try await store.maintain(retention: nil)
            #expect(changes.allSatisfy { if case .created = $0 { true } else { false } })
            #expect(changes.count >= 2)
            #expect(try await store.maintain(retention: nil).changes.isEmpty)
        }
    }

    @Test(
        "An old partition is dropped: finished runs go; those that live or are FAILED are kept, row by row, and go on")
    func droppedWithoutLoss() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await makePartitions(test, around: Self.day * 40)
            let new = (0..<3).map { _ in run(Self.day * 40, definition) }
            try await engine.start(new)
            #expect(try await test.value("SELECT count(*) FROM workflow_runs_default") == "0")
            var held = try await engine.claim()
            for result in [CallResult.yes, .yes] {
                _ = try await engine.settle(&held[0], [try held[0].answered(result)])
            }
            for result in [CallResult.yes, .no, .no] {
                _ = try await engine.settle(&held[1], [try held[1].answered(result)])
            }
            _ = try await engine.settle(&held[2], [try held[2].answered(.yes)])
            #expect(held.map(\.run.status) == [.completed, .failed, .running])
            try await test.execute("UPDATE workflow_runs SET created_at = created_at - interval '40 days'")
            let (failed, live) = (try await rows(test, held[1].run.id), try await rows(test, held[2].run.id))

            let (changes, _) = try await PartitionStore(test.database).maintain(retention: Self.month)
            let kept = changes.compactMap { if case .dropped(_, let kept) = $0 { kept } else { nil } }
            #expect(kept == [2, 8], "of each run its row, and each row of its journal")
            #expect(try await test.value("SELECT count(*) FROM run_partitions WHERE upper_at < now()") == "0")
            #expect(try await rows(test, held[0].run.id).isEmpty)
            #expect(try await rows(test, held[1].run.id) == failed)
            #expect(try await rows(test, held[2].run.id) == live)

            #expect(try await engine.settle(&held[2], [try held[2].answered(.yes)]).unread == 0)
            #expect(held[2].run.status == .completed)
            #expect(try await test.fold(held[2].run.id, definition).differences == [])
            let store = PartitionStore(test.database)
            #expect(try await store.deleteLeftovers(age: Self.month) == 1)
            #expect(try await rows(test, held[2].run.id).isEmpty)
            #expect(try await rows(test, held[1].run.id) == failed, "a FAILED run waits for a person")
        }
    }

    @Test("A finished run that a clock 40 days behind has dated is kept for as long as the others, from its start")
    func misdated() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            try await makePartitions(test, around: Self.day * 40)
            try await engine.start((0..<2).map { _ in run(Self.day * 40, definition) })
            var held = try await engine.claim()
            for index in held.indices {
                _ = try await engine.settle(&held[index], [try held[index].answered(.yes)])
                #expect(held[index].run.status == .completed)
            }
            let (young, old) = (held[0].run.id, held[1].run.id)
            let age = "UPDATE workflow_runs SET created_at = now() - interval '31 days' WHERE run_id ="
            try await test.execute("\(age) '\(old)'")
            let before = try await rows(test, young)
            let store = PartitionStore(test.database)
            let (changes, _) = try await store.maintain(retention: Self.month)
            #expect(changes.count { if case .dropped = $0 { true } else { false } } == 2)
            #expect(try await rows(test, old).isEmpty)
            #expect(try await store.deleteLeftovers(age: Self.month) == 0)
            #expect(try await rows(test, young) == before)
            try await test.execute("\(age) '\(young)'")
            #expect(try await store.deleteLeftovers(age: Self.month) == 1)
            #expect(try await rows(test, young).isEmpty)
        }
    }

    @Test("A child is there for as long as its parent, with its own children, however old")
    func children() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await makePartitions(test, around: Self.day * 40)
            try await engine.start((0..<5).map { _ in run(Self.day * 40, definition) })
            var held = try await engine.claim()
            // The first lives. The second is its child, the third that one's; the fourth is nobody's, and the fifth its child.
            for index in 1..<5 {
                for _ in 0..<2 { _ = try await engine.settle(&held[index], [try held[index].answered(.yes)]) }
                #expect(held[index].run.status == .completed)
            }
            let ids = held.map(\.run.id)
            for (child, parent) in [(1, 0), (2, 1), (4, 3)] {
                try await test.execute(
                    "UPDATE workflow_runs SET parent_run_id = '\(ids[parent])' WHERE run_id = '\(ids[child])'")
            }
            try await test.execute("UPDATE workflow_runs SET created_at = created_at - interval '40 days'")
            let store = PartitionStore(test.database)
            _ = try await store.maintain(retention: Self.month)
            func isThere(_ index: Int) async throws -> Bool { try await !rows(test, ids[index]).isEmpty }
            for index in 0..<5 { #expect(try await isThere(index) == (index < 3), "\(index)") }
            #expect(try await store.deleteLeftovers(age: Self.month) == 0)
            for _ in 0..<2 { _ = try await engine.settle(&held[0], [try held[0].answered(.yes)]) }
            #expect(held[0].run.status == .completed)
            var deleted = 0
            for _ in 0..<4 { deleted += try await store.deleteLeftovers(age: Self.month) }
            #expect(deleted == 3, "the parent first, then its child, then that one's")
        }
    }

    @Test("Runs that no partition takes are in the default one, and move when theirs is made")
    func misplaced() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            let new = run(Self.day * 3 - Self.day * 30, definition)  // a clock that is weeks ahead
            try await engine.start([new])
            #expect(try await test.value("SELECT count(*) FROM run_journal_default") == "1")
            let before = try await rows(test, new.run.id)
            try await makePartitions(test, around: Self.day * 3 - Self.day * 30)
            #expect(try await test.value("SELECT count(*) FROM run_journal_default") == "0")
            #expect(try await rows(test, new.run.id) == before)
        }
    }

    @Test("A journal can't be dropped before its runs, whoever asks")
    func order() async throws {
        try await TestDatabase.with { test in
            try await makePartitions(test, around: Self.day * 40)
            let journal = try #require(
                try await test.value(
                    """
                    SELECT partition_table FROM run_partitions
                    WHERE upper_at < now() - interval '30 days' AND parent_table = 'run_journal'::regclass
                    """))
            await #expect(throws: PostgresError.self) {
                try await test.database.writes.execute(DropPartition(.journal, name: journal, age: .zero))
            }
            #expect(try await test.value("SELECT to_regclass('\(journal)')") != nil)
        }
    }

    @Test("A long query on the tables delays the maintenance, is told, and holds up nobody else")
    func locked() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await makePartitions(test, around: Self.day * 40)
            let reader = try await Connection.connect(test.configuration)
            try await reader.simpleQuery("BEGIN; SELECT count(*) FROM workflow_runs")
            let store = PartitionStore(test.database)
            let (changes, _) = try await store.maintain(retention: Self.month)
            let failures = changes.count { if case .failed = $0 { true } else { false } }
            #expect(failures >= 1)
            try await engine.start([.sample(definition)])
            #expect(try await engine.claim().count == 1)
            await reader.close()
            let (later, _) = try await store.maintain(retention: Self.month)
            #expect(later.count { if case .dropped = $0 { true } else { false } } == 2)
        }
    }

    @Test("Partitions are made and dropped while engines work: no deadlock, no run lost, the history agrees")
    func underLoad() async throws {
        try await TestDatabase.with(writes: 8) { test in
            let definition = try WorkflowDefinition.sampleChain(3)
            let flag = Flag()
            try await withThrowingTaskGroup(of: [RunID].self) { group in
                for _ in 0..<3 {
                    let engine = TestEngine(test, definition)
                    group.addTask {
                        var done: [RunID] = []
                        while !flag.isUp.load(ordering: .relaxed) {
                            let new = (0..<5).map { _ in NewRun.sample(definition) }
                            try await engine.start(new)
                            for held in try await engine.claim() {
                                var held = held
                                for _ in 0..<3 { _ = try await engine.settle(&held, [try held.answered(.yes)]) }
                                #expect(held.run.status == .completed)
                                done.append(held.run.id)
                            }
                        }
                        return done
                    }
                }
                var dropped = 0
                for round in 0..<6 {
                    try await makePartitions(test, around: Self.day * 40 + Self.day * round)
                    let stores = (0..<2).map { _ in PartitionStore(test.database) }
                    async let other = stores[0].maintain(retention: Self.month)
                    let changes = try await stores[1].maintain(retention: Self.month).changes + other.changes
                    dropped += changes.count { if case .dropped = $0 { true } else { false } }
                }
                flag.isUp.store(true, ordering: .relaxed)
                let done = try await group.reduce(into: []) { $0 += $1 }
                #expect(dropped >= 4)
                #expect(done.count > 20)
                for run in done { #expect(try await test.fold(run, definition).differences == []) }
            }
        }
    }
}
