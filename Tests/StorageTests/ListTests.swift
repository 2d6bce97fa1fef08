import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Lists show the right runs in the right order")
struct ListTests {
    @Test("Each filter, alone and together, and characters that SQL patterns would treat specially")
    func filters() async throws {
        try await TestDatabase.with { test in
            let engine = try await Self.fill(test)
            let reader = RunReader(pool: test.database.reads)
            let all = try await reader.list(RunQuery(scope: .all, limit: 500))
            #expect(all.map(\.runID) == all.map(\.runID).sorted(by: >))
            #expect(all.count == 21)
            #expect(Set(all.compactMap(\.status)) == Set(RunStatus.allCases))
            func check(_ what: String, _ change: (inout RunQuery) -> Void, _ matches: (RunHead) -> Bool) async throws {
                var query = RunQuery(scope: .all, limit: 500)
                change(&query)
                let found = try await reader.list(query)
                #expect(found.map(\.runID) == all.filter(matches).map(\.runID), "\(what)")
            }
            for status in RunStatus.allCases {
                try await check("\(status)", { $0.status = status }, { $0.status == status })
                try await check(
                    "\(status) of alpha", { ($0.status, $0.workflowName) = (status, "alpha") },
                    { $0.status == status && $0.workflowName == "alpha" })
                try await check(
                    "\(status) of c_1", { ($0.status, $0.correlationID) = (status, "c_1") },
                    { $0.status == status && $0.correlationID == "c_1" })
            }
            for text in ["alpha", "beta", "alph_", "%", "al%", "'", ""] {
                try await check("workflow \(text)", { $0.workflowName = text }, { $0.workflowName == text })
                try await check("tenant \(text)", { $0.tenantID = text }, { $0.tenantID == text })
            }
            for text in ["c_1", "cx1", "c%", "%", "_", "'"] {
                try await check("correlation \(text)", { $0.correlationID = text }, { $0.correlationID == text })
            }
            for pivot in [all[0], all[7], all[20]] {
                let at = pivot.createdAt
                try await check("after", { $0.createdAfter = at }, { $0.createdAt >= at })
                try await check("before", { $0.createdBefore = at }, { $0.createdAt < at })
                try await check(
                    "live after", { ($0.createdAfter, $0.status) = (at, .running) },
                    { $0.createdAt >= at && $0.status == .running })
                try await check(
                    "live before", { ($0.createdBefore, $0.status) = (at, .running) },
                    { $0.createdAt < at && $0.status == .running })
            }
            _ = engine
        }
    }

    @Test("The correlation id that a run is known by without one of its own finds it, as one that others have")
    func defaultCorrelation() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let plain = NewRun.sample(definition)
            let id = plain.run.id.description
            let named = NewRun.sample(definition, correlationID: "order-1")
            let borrowed = NewRun.sample(definition, correlationID: id)
            try await engine.start([plain])
            try await engine.start([named])
            try await engine.start([borrowed])
            let reader = RunReader(pool: test.database.reads)
            func found(_ text: String, _ change: (inout RunQuery) -> Void = { _ in }) async throws -> [RunID] {
                var query = RunQuery(scope: .all, limit: 10)
                query.correlationID = text
                change(&query)
                return try await reader.list(query).map(\.runID)
            }
            #expect(try await found(id) == [plain.run.id, borrowed.run.id].sorted(by: >))
            #expect(try await found(id) { $0.before = borrowed.run.id } == [plain.run.id])
            #expect(try await found(id) { $0.status = .completed } == [])
            #expect(try await found(named.run.id.description) == [], "it goes by a name of its own")
            #expect(try await found("order-1") == [named.run.id])
        }
    }

    @Test(
        "Pages follow each other without gaps or repeats, also when runs are added meanwhile",
        arguments: [1, 2, 4, 21, 500])
    func pages(limit: Int) async throws {
        try await TestDatabase.with { test in
            let engine = try await Self.fill(test)
            let reader = RunReader(pool: test.database.reads)
            let all = try await reader.list(RunQuery(scope: .all, limit: 500)).map(\.runID)
            var query = RunQuery(scope: .all, limit: limit)
            var seen: [RunID] = []
            while true {
                let page = try await reader.list(query).map(\.runID)
                #expect(page.count <= limit)
                if page.isEmpty { break }
                seen += page
                try #require(seen.count <= all.count, "a page repeats the one before")
                query.before = page.last
                if seen.count < 5 { try await engine.start([.sample(try .sampleChain(1, name: "alpha"))]) }
            }
            #expect(seen == all)
        }
    }

    /// Three runs in each status, over two workflows, with and without correlation ids, of two tenants.
    private static func fill(_ test: TestDatabase) async throws -> TestEngine {
        let definitions = try ["alpha", "beta"].map { try WorkflowDefinition.sampleChain(1, name: $0) }
        let engine = TestEngine(test, definitions)
        let inbox = RunInbox(database: test.database)
        var pending: [NewRun] = []
        for round in 0..<3 {
            for status in RunStatus.allCases {
                let new = NewRun.sample(
                    definitions[round % 2], tenantID: round == 0 ? "default" : "al%",
                    correlationID: round == 0 ? nil : round == 1 ? "c_1" : "cx1")
                if status == .pending {
                    pending.append(new)
                    continue
                }
                try await engine.start([new])
                if status == .cancelled {
                    _ = try await inbox.ask(new.run.id, InboxRequest(.cancel(reason: nil), sentBy: "tests"))
                }
                var held = try await engine.claimOne()
                _ = try await engine.work(&held) { _, call in
                    switch (status, call.action) {
                    case (.completed, _), (.compensated, .compensate): .yes
                    case (.compensated, .execute), (.compensating, .execute), (.failed, .execute):
                        CallResult(
                            outcome: .unknown, duration: .zero, failure: Failure(kind: "unknown", message: "?"),
                            retryAfter: nil)
                    case (.failed, .compensate): .no
                    default: nil
                    }
                }
                try await finish(&held, engine, status)
            }
        }
        try await engine.start(pending)
        return engine
    }

    /// Repeats what waits for its backoff until the run stands where it should.
    private static func finish(_ held: inout Held, _ engine: TestEngine, _ status: RunStatus) async throws {
        while held.run.status != status {
            try await Task.sleep(for: .milliseconds(2))
            guard var next = try await engine.claim().first else { continue }
            _ = try await engine.work(&next) { _, call in
                switch (status, call.action) {
                case (.compensated, .compensate): .yes
                case (.failed, .compensate): .no
                case (_, .execute): .lost
                case (_, .compensate): nil
                }
            }
            held = next
        }
    }
}
