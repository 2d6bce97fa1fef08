import Core
import Testing

@testable import API

@Suite("A value is checked at every door alike")
struct LabelTests {
    private static let bad = [
        "order-17\n", "\tx", "é", "日", "x\u{7F}", " x", "x ", " ", String(repeating: "c", count: 256),
    ]

    @Test("A correlation or tenant id that no header can carry starts nothing, wherever it stands", arguments: bad)
    func refused(value: String) async throws {
        try await TestAPI.with { api in
            try await api.register()
            let before = try await api.database.rowCount()
            for member in ["correlationId", "tenantId"] {
                let body = JSON.object(["context": .object([member: .string(value)])]).text
                let alone = try await api.client.send("POST", "/v1/workflows/w/start", body: body)
                #expect(alone.status == 422 && alone.pointers == ["/context/\(member)"], "\(alone.text)")
                let line = try await api.importing(body + "\n")
                #expect(line.statuses == [422])
                #expect(line[0]["problem"]?["errors"]?[0]?["pointer"] == .string("/context/\(member)"))
            }
            // Blanks at the ends are no part of a header's value, by HTTP itself; a line's end ends it.
            if value.utf8.allSatisfy({ $0 > 0x20 }) {
                let header = try await api.client.send(
                    "POST", "/v1/workflows/w/start", body: "{}", ["X-Correlation-Id": value])
                #expect(header.status == 400)
            }
            #expect(try await api.database.rowCount() == before)
        }
    }

    @Test("What is allowed at one door is allowed at the other, and shown as it was given")
    func accepted() async throws {
        try await TestAPI.with { api in
            try await api.register()
            for value in ["order 17", "a,b;c=\"d\"", "~!", String(repeating: "c", count: 255)] {
                let body = JSON.object(["context": .object(["correlationId": .string(value)])]).text
                let ids = [
                    try await api.start(body: body), try await api.start(body: "{}", ["X-Correlation-Id": value]),
                ]
                // What a body says of its run goes before what a header says of the request.
                let both = try await api.start(body: body, ["X-Correlation-Id": "other"])
                for id in ids + [both] {
                    let shown = try await api.client.send("GET", "/v1/runs/\(id)").json
                    #expect(shown["run"]?["correlationId"] == .string(value))
                }
            }
        }
    }

    @Test("A run started without a correlation id is found by the one it shows and its participants log")
    func defaultID() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let id = try await api.start()
            _ = try await api.start(body: "{}", ["X-Correlation-Id": "other"])
            let shown = try await api.client.send("GET", "/v1/runs/\(id)").json["run"]?["correlationId"]?.string
            let found = try await api.client.send("GET", "/v1/runs?correlationId=\(try #require(shown))")
            #expect(found.json["runs"]?.array?.compactMap { $0["runId"]?.string } == [id])
        }
    }

    @Test("Windows of time that adjoin hold every run once, those of the very instant between them too")
    func windows() async throws {
        try await TestAPI.with { api in
            try await api.register()
            var ids: [String] = []
            for _ in 0..<3 { ids.append(try await api.start()) }
            let times = ["01", "02", "03"].map { "2026-01-01T00:00:\($0).000000Z" }
            for (id, time) in zip(ids, times) {
                try await api.database.query(
                    "UPDATE workflow_runs SET created_at = '\(time)' WHERE run_id = '\(id)'")
            }
            // Ids are of today: the list looks at created_at.
            func window(_ query: String) async throws -> [String]? {
                let page = try await api.client.send("GET", "/v1/runs?workflow=w&\(query)")
                return page.json["runs"]?.array?.compactMap { $0["runId"]?.string }
            }
            #expect(try await window("createdAfter=\(times[1])") == [ids[2], ids[1]])
            #expect(try await window("createdAfter=\(times[1])&status=PENDING") == [ids[2], ids[1]])
        }
    }
}
