import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("No read brings more bytes than were asked for, and none is lost between two pages")
struct PageTests {
    @Test("Pages of a history end by bytes as well as by number, and give each event once")
    func events() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let new = NewRun.sample(definition)
            try await engine.start([new])
            // A gap, and a kind that only a later version knows.
            try await test.execute(
                """
                INSERT INTO run_events (run_id, seq, at, kind, epoch, data)
                SELECT '\(new.run.id)', i, now(), CASE i WHEN 4 THEN 'step_postponed' ELSE 'cancel_requested' END, 1,
                    json_build_object('x', repeat('x', CASE WHEN i = 5 THEN 300000 ELSE 1000 END))
                FROM generate_series(2, 12) i WHERE i <> 7
                """)
            let reader = RunReader(pool: test.database.reads)
            for (limit, bytes) in [(1, 1 << 20), (100, 1), (100, 2500), (3, 2500), (100, 1 << 20)] {
                var seen: [Int] = []
                var pages: [Int] = []
                while true {
                    let page = try await reader.eventPage(
                        of: new.run.id, after: seen.last ?? 0, limit: limit, maxBytes: bytes)
                    #expect(page.count <= limit && page.allSatisfy { $0.newest == 12 })
                    let sizes = page.map { ($0.data?.count ?? 0) + ($0.error?.count ?? 0) }
                    #expect(sizes.dropLast().reduce(0, +) < bytes, "only the last event goes beyond")
                    pages.append(page.count)
                    seen += page.map(\.sequence)
                    if page.last?.sequence == 12 || page.isEmpty { break }
                }
                #expect(seen == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12], "\(limit), \(bytes)")
                if limit == 1 || bytes == 1 { #expect(pages == Array(repeating: 1, count: 11)) }
                if limit == 100, bytes == 1 << 20 { #expect(pages == [11]) }
            }
            let later = try await reader.eventPage(of: new.run.id, after: 3, limit: 1, maxBytes: 1)
            #expect(later.first?.kind == "step_postponed")
        }
    }

    @Test("Runs with payloads come in order, until their bytes are used up")
    func payloads() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let runs = (0..<5).map { _ in NewRun.sample(definition) }
            try await engine.start(runs)
            let ids = runs.map(\.run.id)
            try await test.execute("UPDATE workflow_runs SET output = json_build_array(repeat('x', 10000))")
            let reader = RunReader(pool: test.database.reads)
            for (bytes, count) in [(1, 1), (15_000, 2), (1 << 20, 5)] {
                let shown = try await reader.withPayloads(ids, maxBytes: bytes)
                #expect(shown.map(\.head.runID) == Array(ids.prefix(count)))
                #expect(shown.allSatisfy { $0.output.size == 10_004 })
            }
            #expect(try await reader.withPayloads([.sample(), ids[3]], maxBytes: 1).map(\.head.runID) == [ids[3]])
        }
    }

    @Test("Of a large run only the sizes of its payloads are read, and each of them by itself")
    func largeRun() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(3)
            let engine = TestEngine(test, definition)
            let new = NewRun.sample(definition)
            try await engine.start([new])
            let reader = RunReader(pool: test.database.reads)
            let small = try #require(try await reader.shown(new.run.id))
            #expect(small.run.input == .here(new.inputBytes) && small.run.output == .absent)
            #expect(small.steps.map(\.stepID) == definition.steps.map(\.id))
            try await test.execute("UPDATE workflow_runs SET output = json_build_array(repeat('x', 300000))")
            try await test.execute(
                """
                UPDATE run_steps SET output = json_build_array(repeat('y', 200000)), error = '{"kind":"k","message":"m"}'
                """)
            let large = try #require(try await reader.shown(new.run.id))
            #expect(large.run.output == .large(300_004) && large.run.input == .large(new.inputBytes.count))
            #expect(large.steps.allSatisfy { $0.output == .large(200_004) })
            #expect(large.steps.allSatisfy { $0.error == .here(Array(#"{"kind":"k","message":"m"}"#.utf8)) })
            #expect(try await reader.payload(.output, of: new.run.id)?.count == 300_004)
            #expect(try await reader.payload(.input, of: new.run.id) == new.inputBytes)
            #expect(try await reader.payload(.context, of: new.run.id) == new.contextBytes)
            #expect(try await reader.payload(.stepOutput(2), of: new.run.id)?.count == 200_004)
            #expect(try await reader.payload(.error, of: new.run.id) == nil)
            #expect(try await reader.payload(.input, of: .sample()) == nil)
        }
    }
}
