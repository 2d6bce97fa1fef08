import Console
import Core
import Testing

@testable import API

/// Lists of the console, and what is asked of many runs there.
@Suite(.timeLimit(.minutes(2))) struct ConsoleListTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]

    /// Copies of a run, with ids before its own.
    private static func multiply(_ api: TestAPI, _ id: String, by count: Int) async throws {
        for table in ["workflow_runs", "outbox"] {
            let columns = try #require(
                try await api.database.value(
                    """
                    SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
                    WHERE table_name = '\(table)' AND column_name <> 'run_id'
                    """))
            try await api.database.query(
                """
                INSERT INTO \(table) (run_id, \(columns))
                SELECT (left('\(id)', 19) || '8000-' || lpad(to_hex(n), 12, '0'))::uuid, \(columns)
                FROM \(table), generate_series(1, \(count)) n WHERE run_id = '\(id)'
                """)
        }
    }

    @Test
    func `All that match are asked, batch after batch, however many pages of a list they are, and no run besides`()
        async throws
    {
        try await TestAPI.with(["AUTH": "required", "CONSOLE_BURST": "1000"]) { api in
            try await api.register("w")
            let id = try await api.start("w", Self.admin)
            try await Self.multiply(api, id, by: 700)
            let browser = ConsoleTests.Browser(api)
            try await browser.logIn(TestAPI.token)
            let list = "/console/runs?workflow=w"
            let asked = try await browser.send(
                "/console/runs/bulk", [("workflow", "w"), ("action", "pause"), ("of", "all")], from: list)
            #expect(asked.text.contains("701</span> runs?"), "\(asked.text)")
            // It was not meant.
            let later = try await api.start("w", Self.admin)
            var state = try #require(ConsoleTests.state(asked.text))
            // One of them is over by then.
            try await api.database.end("\(id.prefix(19))8000-000000000007", status: "COMPLETED")
            var (rounds, text) = (0, "")
            while true {
                let more = [("state", state)] + (rounds == 0 ? [("reason", "why not")] : [])
                let sent = try await browser.send("/console/runs/bulk/go", more, from: list)
                let place = try #require(sent.headers["location"], "\(sent.text)")
                // Whoever loses the page finds it again.
                text = try await browser.get(place).text
                rounds += 1
                guard let next = ConsoleTests.state(text) else { break }
                state = next
                try #require(rounds < 20)
            }
            #expect(rounds > 2 && text.contains("Pause: done"), "\(rounds)")
            #expect(text.contains("It stands otherwise by now.") && text.contains("000000000007"))
            #expect(text.contains(">700</span> of about"), "\(text)")
            let (count, reason) = (
                try await api.database.value("SELECT count(DISTINCT run_id) FROM run_inbox WHERE kind = 'pause'"),
                try await api.database.value("SELECT DISTINCT payload->>'reason' FROM run_inbox")
            )
            #expect(count == "700" && reason == "why not")
            #expect(try await api.database.value("SELECT count(*) FROM run_inbox WHERE run_id = '\(later)'") == "0")
        }
    }

    @Test
    func `What is asked of many is what its reader was shown: a state that another login has sealed counts nothing`()
        async throws
    {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            _ = try await api.start("w", Self.admin)
            let (browser, other) = (ConsoleTests.Browser(api), ConsoleTests.Browser(api))
            for each in [browser, other] { try await each.logIn(TestAPI.token) }
            let asked = try await browser.send(
                "/console/runs/bulk", [("workflow", "w"), ("action", "cancel"), ("of", "all")], from: "/console/runs")
            let state = try #require(ConsoleTests.state(asked.text))
            var forged = state
            forged.replaceSubrange(forged.startIndex...forged.startIndex, with: state.first == "A" ? "B" : "A")
            for (who, text) in [(other, state), (browser, forged), (browser, ""), (browser, "x.y")] {
                let answer = try await who.send("/console/runs/bulk/go", [("state", text)], from: "/console/runs")
                #expect(answer.status == 400, "\(answer.status)")
                #expect(try await who.get("/console/runs/bulk/progress?state=\(text)").status == 400)
            }
            #expect(try await api.database.value("SELECT count(*) FROM run_inbox") == "0")
        }
    }

    @Test func `Selected runs are asked alone, and of a group of failed ones all of it`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w", steps: ["a", "b"])
            var ids: [String] = []
            for _ in 0..<3 { ids.append(try await api.start("w", Self.admin)) }
            let browser = ConsoleTests.Browser(api)
            try await browser.logIn(TestAPI.token)
            func go(_ asked: Answer, _ reason: String) async throws -> String {
                let state = try #require(ConsoleTests.state(asked.text), "\(asked.text)")
                let sent = try await browser.send(
                    "/console/runs/bulk/go", [("state", state), ("reason", reason)], from: "/console/runs")
                return try await browser.get(try #require(sent.headers["location"], "\(sent.text)")).text
            }
            let asked = try await browser.send(
                "/console/runs/bulk", [("action", "cancel"), ("of", "chosen"), ("runId", ids[0]), ("runId", ids[2])],
                from: "/console/runs")
            #expect(asked.text.contains("2</span> runs?"))
            #expect(try await go(asked, "").contains("Cancel: done"))
            let cancelled = try await api.database.query("SELECT DISTINCT run_id FROM run_inbox ORDER BY 1")
            #expect(cancelled.map { $0[0] } == [ids[0], ids[2]])
            // Two fail of the same, one of something else.
            try await api.database.query("DELETE FROM run_inbox")
            for (place, id) in ids.enumerated() {
                try await api.database.end(id, status: "FAILED")
                try await api.database.query(
                    """
                    UPDATE run_steps SET status = 'SUCCEEDED', compensation_status = 'FAILED', compensation_attempts = 9,
                        error = '{"kind": "rejected", "message": "no"}' WHERE run_id = '\(id)' AND step_id IN ('a', 'b');
                    UPDATE workflow_runs SET error = '{"kind": "compensation", "stepId": "a",
                        "message": "\(place == 1 ? "other" : "the same")"}' WHERE run_id = '\(id)'
                    """)
            }
            let group = "/console/failed?workflow=w&stepId=a&error=the%20same"
            let page = try await browser.get(group)
            #expect(page.text.contains(ids[0]) && page.text.contains(ids[2]) && !page.text.contains(ids[1]))
            #expect(try await browser.get("/console/failed").text.contains("the same"))
            let one = try await browser.send(
                "/console/failed/retry",
                [("workflow", "w"), ("stepId", "a"), ("error", "the same"), ("action", "retry"), ("runId", ids[0])],
                from: group)
            #expect(one.text.contains("1</span> run?"), "selected ones alone")
            let resolve = try await browser.send(
                "/console/failed/retry",
                [("workflow", "w"), ("stepId", "a"), ("error", "the same"), ("action", "resolve")],
                from: group)
            #expect(resolve.text.contains("2</span> runs?"), "\(resolve.text)")
            #expect(try await go(resolve, "by hand").contains("Resolve by hand: done"))
            let resolved = try await api.database.query(
                "SELECT run_id, payload->>'stepIds' FROM run_inbox WHERE kind = 'resolve' ORDER BY 1")
            // The group is about one undo: what else gave up in these runs nobody has said to be put right.
            #expect(resolved.map { $0[0] } == [ids[0], ids[2]])
            #expect(Set(resolved.map { $0[1] }) == [#"["a"]"#])
        }
    }

    @Test func `Columns and every filter are in the address, work without scripts, and stay with the next page`()
        async throws
    {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await api.register("w")
            try await api.register("w", version: "2.0.0", steps: ["a", "other"])
            for _ in 0..<60 { _ = try await api.start("w") }
            let browser = ConsoleTests.Browser(api)
            let page = try await browser.get("/console/runs?workflow=w&version=2.0.0&column=deadline&column=status")
                .text
            #expect(page.contains(#"<th scope="col">Deadline</th>"#) && !page.contains(#"<th scope="col">Took</th>"#))
            #expect(page.contains("column=status&amp;column=deadline&amp;cursor="), "the next page has them, too")
            #expect(page.contains(#"<option value="2.0.0">"#) && page.contains(#"<option value="other">"#))
            for (query, isThere) in [
                ("workflow=w&version=2.0.0", true), ("workflow=w&version=1.0.0", false), ("minAttempts=2", false),
                ("error=x", false), ("step=a", false), ("overdue=true", false), ("tenantId=default", true),
            ] {
                let list = try await browser.get("/console/runs?\(query)").text
                #expect(list.contains(#"<tr data-key="#) == isThere, "\(query)")
            }
            let refused = try await browser.get("/console/runs?minAttempts=many")
            #expect(refused.status == 400 && refused.text.contains("minAttempts"))
        }
    }

    @Test func `Where the search for runs has ended is said, and none found is not called all there is`() async throws {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await api.register("w")
            let id = try await api.start("w")
            try await Self.multiply(api, id, by: 4100)
            let browser = ConsoleTests.Browser(api)
            let page = try await browser.get("/console/runs?minAttempts=7").text
            #expect(page.contains("None of these runs matches.") && page.contains("Look further back"))
            let next = try #require(page.firstMatch(of: /rel="next" href="([^"]+)"/)).output.1
            let last = try await browser.get(String(next).replacing("&amp;", with: "&")).text
            #expect(last.contains("No more runs."), "\(last)")
        }
    }

    @Test func `A page that is kept up to date is made once for all who see the same, and is still each reader's own`()
        async throws
    {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            let (one, two, other) = (
                ConsoleTests.Browser(api), ConsoleTests.Browser(api), ConsoleTests.Browser(api)
            )
            for browser in [one, two] {
                try await browser.logIn(try await ConsoleTests.key(api, ["operator"], tenant: "default").key)
            }
            // With the same permissions, for other runs.
            try await other.logIn(try await ConsoleTests.key(api, ["operator"], tenant: "other").key)
            let first = try await one.get("/console/runs")
            let token = try #require(ConsoleTests.Browser.token(first.text))
            let tag = try #require(first.headers["etag"])
            // Made for the first one, and never with their token, nor with a tag that would tell that nothing has changed.
            let second = try await two.get("/console/runs", ["If-None-Match": tag])
            #expect(second.status == 200 && !second.text.contains(token))
            #expect(ConsoleTests.Browser.token(second.text) != token)
            let id = try await api.start("w", Self.admin)
            let again = try await one.get("/console/runs", ["If-None-Match": tag])
            #expect(again.status == 304)
            // Who opens the page sees how it is.
            #expect(try await two.get("/console/runs").text.contains(id))
            // And from then on all do; whoever sees less never does.
            let fresh = try await one.get("/console/runs", ["If-None-Match": tag])
            #expect(fresh.status == 200 && fresh.text.contains(id) && fresh.text.contains(token))
            let foreign = try await other.get("/console/runs", ["If-None-Match": tag])
            #expect(foreign.status == 200 && !foreign.text.contains(id))
        }
    }
}
