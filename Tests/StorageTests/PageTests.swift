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
            // While it lives, large outputs stand in its journal alone; then its snapshot refers to them.
            var held = try await engine.claimOne()
            let answer = CallResult(
                outcome: .succeeded, httpStatus: 200, duration: .milliseconds(3),
                output: [.string(String(repeating: "y", count: 200_000))])
            _ = try await engine.settle(&held, [try held.answered(answer)])
            let live = try #require(try await reader.shown(new.run.id))
            #expect(live.steps.map(\.status) == ["SUCCEEDED", "EXECUTING", "PENDING"])
            #expect(live.steps.map(\.output) == [.large(200_004), .absent, .absent])
            #expect(live.steps.map(\.engineID) == [engine.id, engine.id, nil])
            #expect(
                try await reader.payload(.stepOutput(0), of: new.run.id, .none)?.count == 200_004,
                "it is in the journal alone"
            )
            for _ in 0..<2 { _ = try await engine.settle(&held, [try held.answered(answer)]) }
            #expect(held.run.status == .completed)
            #expect(try await test.fold(new.run.id, definition).differences == [])
            try await test.execute("UPDATE workflow_runs SET output = json_build_array(repeat('x', 300000))")
            let large = try #require(try await reader.shown(new.run.id))
            #expect(large.run.output == .large(300_004) && large.run.input == .large(new.inputBytes.count))
            #expect(large.steps.allSatisfy { $0.output == .large(200_004) && $0.error == .absent })
            #expect(try await reader.payload(.output, of: new.run.id, .none)?.count == 300_004)
            #expect(try await reader.payload(.input, of: new.run.id, .none) == new.inputBytes)
            #expect(try await reader.payload(.context, of: new.run.id, .none) == new.contextBytes)
            #expect(try await reader.payload(.stepOutput(2), of: new.run.id, .none)?.count == 200_004)
            try await test.execute(
                """
                UPDATE run_steps SET output = NULL, error = json_build_object('kind', 'k', 'message', 'm',
                    'response', repeat('z', CASE WHEN step_index = 0 THEN 1 ELSE 300000 END))
                """)
            let failed = try #require(try await reader.shown(new.run.id)).steps.map(\.error.size)
            #expect(failed[0] < 100 && failed[1] > 300_000 && failed[2] == failed[1])
            #expect(try await reader.payload(.stepError(1), of: new.run.id, .none)?.count == failed[1])
            #expect(try await reader.payload(.error, of: new.run.id, .none) == nil)
            #expect(try await reader.payload(.input, of: .sample(), .none) == nil)
        }
    }
}
