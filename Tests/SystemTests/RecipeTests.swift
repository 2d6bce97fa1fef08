import Core
import Foundation
import TestSupport
import Testing

/// What people copy from docs/recipes.md does what it says there.
@Suite("Recipes", .serialized, .enabled(if: Program.python != nil, "python3 is not on this machine"))
struct RecipeTests {
    @Test(
        "what comes later is waited for, its end wakes the run at once, a no undoes it, and nobody is asked in vain",
        .timeLimit(.minutes(2)))
    func later() async throws {
        try await RecipeStack.with { stack in
            let films = [try await stack.start("film", ["film": "a"]), try await stack.start("film", ["film": "b"])]
            for (line, runID) in films.enumerated() {
                try await stack.untilWaiting(runID, at: "film")
                try await stack.type(line, of: "An answer that comes later", for: runID)
            }
            #expect(try await stack.end(of: films[0], "COMPLETED") == ["film": "https://studio.example/film.mp4"])
            try await stack.end(of: films[1], "COMPENSATED")
            let told = Set(try await stack.sent("/jobs").compactMap { $0["tell"]?.string })
            #expect(told == Set(films.map { "/tasks/\($0)/task/end" }))
            #expect(try await stack.sent("/jobs/stop").count == 1)
        }
    }

    @Test("a person says yes or no; a no undoes it, and a cancel takes the question back", .timeLimit(.minutes(2)))
    func approval() async throws {
        try await RecipeStack.with { stack in
            let wish: JSON = ["percent": 10, "customer": "bob"]
            let wishes = [try await stack.start("discount", wish), try await stack.start("discount", wish)]
            for (line, runID) in wishes.enumerated() {
                try await stack.untilWaiting(runID, at: "decision", for: "signal")
                try await stack.type(line, of: "Approval", for: runID)
            }
            try await stack.end(of: wishes[0], "COMPLETED")
            try await stack.end(of: wishes[1], "COMPENSATED")
            #expect(try await stack.sent("/discounts") == [["percent": 10, "by": "ann"]])
            let error = try await stack.run(wishes[1])["run"]?["error"]
            #expect(error?["kind"] == "ended" && error?["message"] == "too much")
            let calledOff = try await stack.start("discount", wish)
            try await stack.untilWaiting(calledOff, at: "decision", for: "signal")
            _ = try await stack.system.http.send("POST", port: stack.api, "/v1/runs/\(calledOff)/cancel", [:])
            try await stack.end(of: calledOff, "CANCELLED")
            let takenBack = Set(try await stack.sent("/never-mind").compactMap { $0["run"]?.string })
            #expect(takenBack == [wishes[1], calledOff])
        }
    }

    @Test("a run that waits for a time goes on after it, or when a person says so", .timeLimit(.minutes(3)))
    func waiting() async throws {
        try await RecipeStack.with { stack in
            let past = try await stack.start("pickup", ["pickupAt": "2020-01-01T10:00:00Z", "email": "a@example.com"])
            try await stack.end(of: past, "COMPLETED")
            let pickupAt = Instant.now + .seconds(3)
            let soon = try await stack.start(
                "pickup", ["pickupAt": .string(pickupAt.description), "email": "b@example.com"])
            let later = try await stack.start(
                "pickup", ["pickupAt": .string((pickupAt + .seconds(86_400)).description), "email": "c@example.com"])
            for runID in [soon, later] { try await stack.untilWaiting(runID, at: "pickup-time", for: "timer") }
            #expect(try await stack.sent("/send") == [["to": "a@example.com"]])
            try await stack.end(of: soon, "COMPLETED")
            #expect(Instant.now >= pickupAt)
            try await stack.type(0, of: "Waiting", for: later)
            try await stack.end(of: later, "COMPLETED")
            #expect(try await stack.sent("/send").count == 3)
        }
    }

    @Test(
        "a child's end is its parent's, and is undone with it; one that comes too late does nothing",
        .timeLimit(.minutes(2)))
    func children() async throws {
        try await RecipeStack.with { stack in
            try await stack.answer(["/invoices": [200, ["number": 7]]])
            let good = try await stack.start("order", ["orderId": "o-1", "amount": 5])
            #expect(try await stack.end(of: good, "COMPLETED") == ["number": 7])
            let child = try await stack.only("invoice")
            try await stack.end(of: child, "COMPLETED")
            let related = try await stack.system.http.send("GET", port: stack.api, "/v1/runs?correlationId=\(good)")
            #expect(related.json["runs"]?.array?.count == 2, "\(related.json.text)")

            try await stack.answer(["/invoices": [422, [:]]])
            let bad = try await stack.start("order", ["orderId": "o-2", "amount": 5])
            try await stack.end(of: bad, "COMPENSATED")
            #expect(try await stack.sent("/refund").count == 1)
            try await stack.end(of: try await stack.only("void-invoice"), "COMPLETED")
            #expect(try await stack.sent("/invoices/void") == [["orderId": "o-2"]])

            try await stack.answer(["/invoices": [200, ["number": 8]]])
            let late = try await stack.start("invoice", ["orderId": "o-2", "parent": .string(bad)])
            try await stack.end(of: late, "COMPENSATED")
            #expect(try await stack.sent("/invoices") == [["orderId": "o-1"], ["orderId": "o-2"]])
        }
    }

    @Test("a mail that can't be sent does not undo the order", .timeLimit(.minutes(3)))
    func mail() async throws {
        try await RecipeStack.with { stack in
            try await stack.answer(["/send": [422, [:]]])
            let shop = try await stack.start("shop", ["amount": 5, "email": "a@example.com"])
            try await stack.end(of: shop, "COMPLETED")
            try await stack.end(of: try await stack.only("mail"), "COMPENSATED")
            #expect(try await stack.sent("/refund") == [])
        }
    }

    @Test(
        "the second carrier is asked when the first says no, or nothing; two no's undo the run", .timeLimit(.minutes(3))
    )
    func carriers() async throws {
        try await RecipeStack.with { stack in
            func answer(_ id: String, _ isBooked: Bool) -> JSON {
                [200, isBooked ? ["booked": true, "trackingId": .string(id)] : ["booked": false]]
            }
            let ends: [(fast: JSON, cheap: JSON, JSON, JSON)] = [
                (answer("f-1", true), answer("c-1", true), "COMPLETED", ["first": "f-1"]),
                (answer("f-1", false), answer("c-1", true), "COMPLETED", ["second": "c-1"]),
                ([500, [:]], answer("c-1", true), "COMPLETED", ["second": "c-1"]),
                (answer("f-1", false), answer("c-1", false), "COMPENSATED", .null),
            ]
            for (fast, cheap, status, output) in ends {
                try await stack.answer(["/fast/book": fast, "/cheap/book": cheap])
                let runID = try await stack.start("shipping", ["parcel": "p-1"])
                #expect(try await stack.end(of: runID, status) == output)
            }
            #expect(try await stack.sent("/cheap/book").count == 3)
            #expect(try await stack.sent("/fast/cancel").count == 1, "of the one that gave no answer")
            #expect(try await stack.sent("/cheap/cancel").isEmpty)
        }
    }

    @Test("two machines with the same crontab start one run", .timeLimit(.minutes(3)))
    func cron() async throws {
        try await RecipeStack.with { stack in
            let block = try #require(try Document(RecipeStack.page).blocks("", in: "Every night").first)
            let command = block.split(separator: " ", maxSplits: 5).last.map(String.init) ?? ""
            // Cron takes a bare % for a line feed.
            let typed = command.replacing("\\%", with: "%").trimmingCharacters(in: .whitespacesAndNewlines)
                .replacing("saga run", with: "\(try Program("saga").path) run")
            let bash = Tool(try Program(installed: "bash"))
            var started: [String] = []
            for _ in 0..<2 {
                let outcome = try await bash.run(["-c", "export SAGAFLOW_URL=http://127.0.0.1:\(stack.api)\n\(typed)"])
                try #require(outcome.exitCode == 0, "\(typed): \(outcome)")
                started.append(outcome.output)
            }
            #expect(started[1].contains("started before"), "\(started)")
            let runID = try await stack.only("nightly-report")
            try await stack.end(of: runID, "COMPLETED")
            let day = try #require(try await stack.sent("/collect").first?["day"]?.string)
            #expect(day.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil, "\(day)")
        }
    }
}
