import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Which version a start takes, and what admins did about it")
struct DeprecationTests {
    @Test("The highest release that is not deprecated is taken; none left is another answer than none registered")
    func highest() async throws {
        try await TestDatabase.with { test in
            let store = DefinitionStore(pool: test.database.writes)
            for version in ["1.0.0", "1.1.0", "2.0.0-beta"] {
                try await test.register(try .sampleChain(1, version: version))
            }
            #expect(
                try await store.definition("sample-chain", version: nil, for: "default").version.description == "1.1.0")
            #expect(try await store.deprecate(.shared("sample-chain", "1.1.0"), by: "ann", reason: "slow") != nil)
            #expect(
                try await store.definition("sample-chain", version: nil, for: "default").version.description == "1.0.0")
            #expect(try await store.deprecate(.shared("sample-chain", "1.0.0"), by: "ann", reason: nil) != nil)
            #expect(
                await refusal { () throws(DefinitionProblem) in
                    try await store.definition("sample-chain", version: nil, for: "default")
                }
                    == "\(DefinitionProblem.onlyDeprecated)")
            #expect(
                await refusal { () throws(DefinitionProblem) in
                    try await store.definition("nothing", version: nil, for: "default")
                }
                    == "\(DefinitionProblem.unknown)")
            #expect(try await store.definition(.shared("sample-chain", "1.0.0")).name == "sample-chain")
            #expect(try await store.deprecation(of: .sampleChain(1, version: "1.1.0"))?.reason == "slow")
            #expect(try await store.deprecation(of: .sampleChain(1, version: "2.0.0-beta")) == nil)
            #expect(try await store.restore(.shared("sample-chain", "1.1.0"), by: "bob"))
            #expect(
                try await store.definition("sample-chain", version: nil, for: "default").version.description == "1.1.0")
            #expect(try await store.restore(.shared("sample-chain", "9.9.9"), by: "bob") == false)
            #expect(try await store.deprecate(.shared("nothing", "1.0.0"), by: "bob", reason: nil) == nil)
        }
    }

    @Test("What another process deprecates is known here within a second")
    func elsewhere() async throws {
        try await TestDatabase.with { test in
            let (here, there) = (
                DefinitionStore(pool: test.database.writes), DefinitionStore(pool: test.database.writes)
            )
            for version in ["1.0.0", "1.1.0"] { try await test.register(try .sampleChain(1, version: version)) }
            #expect(
                try await here.definition("sample-chain", version: nil, for: "default").version.description == "1.1.0")
            _ = try await there.deprecate(.shared("sample-chain", "1.1.0"), by: "ann", reason: nil)
            try await Task.sleep(for: .milliseconds(1010))
            #expect(
                try await here.definition("sample-chain", version: nil, for: "default").version.description == "1.0.0")
            #expect(try await here.deprecation(of: .sampleChain(1, version: "1.1.0")) != nil)
        }
    }

    @Test("A second deprecation keeps the time of the first; taking back what was not deprecated leaves no trace")
    func repeated() async throws {
        try await TestDatabase.with { test in
            try await test.register(try .sampleChain(1))
            let store = DefinitionStore(pool: test.database.writes)
            let first = try await store.deprecate(.shared("sample-chain", "1.0.0"), by: "ann", reason: "old")
            let second = try await store.deprecate(.shared("sample-chain", "1.0.0"), by: "bob", reason: nil)
            #expect(first?.at == second?.at && second?.by == "bob" && second?.reason == nil)
            for _ in 0..<2 { #expect(try await store.restore(.shared("sample-chain", "1.0.0"), by: "bob")) }
            let actions = try await test.database.reads.execute(ListAuditEntries(AuditQuery(tenants: .all), limit: 10))
            #expect(
                actions.map(\.action)
                    == ["restore_workflow", "deprecate_workflow", "deprecate_workflow", "register_workflow"])
            #expect(Set(actions.map(\.subject)) == ["workflows/sample-chain/1.0.0"])
            #expect(actions[2].said == ["reason": "old"] && actions[2].actor == "ann")
        }
    }

    @Test("An admin's change and its row are one: neither is there without the other, and no secret is in it")
    func audit() async throws {
        try await TestDatabase.with { test in
            let writes = test.database.writes
            func put(_ url: String) async throws -> Bool? {
                let headers: JSON = ["Authorization": "canary-1", "X-Key": "canary-2"]
                return try await writes.execute(
                    PutParticipant(
                        "p", url: url, maxConcurrent: nil, headers: headers, breaker: nil, updatedBy: "ann")
                ).first
            }
            #expect(try await put("http://one") == true)
            #expect(try await put("http://two") == false)
            for left in [1, 0] {
                let gone = try await writes.execute(DeleteParticipant("p", deletedBy: "bob"))
                #expect(gone.count == left)
            }
            let definition = try WorkflowDefinition.sampleChain(1)
            for _ in 0..<2 { try await test.register(definition) }
            let actions = try await test.database.reads.execute(ListAuditEntries(AuditQuery(tenants: .all), limit: 10))
            #expect(
                actions.map { "\($0.actor) \($0.action)" }
                    == [
                        "tests register_workflow", "bob delete_participant", "ann put_participant",
                        "ann put_participant",
                    ])
            #expect(
                actions[3].said == [
                    "isNew": true, "url": "http://one", "maxConcurrent": nil, "rate": nil,
                    "headerNames": ["Authorization", "X-Key"], "breaker": false, "signWith": [],
                    "tls": nil, "auth": nil, "secretsKey": nil,
                ])
            let all = try await test.value("SELECT string_agg(a::text, ' ') FROM audit_trail a")
            #expect(all?.contains("canary") == false)
            let mine = try await test.database.reads.execute(
                ListAuditEntries(.about("participants/p"), before: AuditPlace(actions[1]), limit: 1))
            #expect(mine.map(\.number) == [actions[2].number])
        }
    }

    @Test("Workflows come in pages by name, each with all its versions")
    func pages() async throws {
        try await TestDatabase.with { test in
            for name in ["c", "a", "b"] {
                for version in ["1.0.0", "2.0.0"] {
                    try await test.register(try .sampleChain(1, name: name, version: version))
                }
            }
            let first = try await test.database.reads.execute(ListWorkflows(seenBy: .shared, scope: .all, limit: 2))
            #expect(first.map { $0.name + $0.version } == ["a1.0.0", "a2.0.0", "b1.0.0", "b2.0.0"])
            let second = try await test.database.reads.execute(
                ListWorkflows(seenBy: .shared, scope: .all, after: "b", limit: 2))
            #expect(second.map(\.name) == ["c", "c"])
        }
    }

    private func refusal(_ body: () async throws(DefinitionProblem) -> WorkflowDefinition) async -> String? {
        do throws(DefinitionProblem) {
            _ = try await body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
