import Core
import HTTPTypes
import Testing

@testable import Mocks

@Suite("Faults on request", .serialized)
struct FaultTests {
    typealias Entry = ParticipantUnderTest.Entry

    @Test("A fault before the effect leaves none; the attempt after the last fault succeeds")
    func before() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            let body: JSON = ["amount": 1, "fail": ["status": 503, "times": 2]]
            var statuses: [Int] = []
            for attempt in 1...3 {
                statuses.append(try await payments.call("/charge", "r:a:execute", body, attempt: attempt).status)
            }
            #expect(statuses == [503, 503, 200])
            let expected = [
                Entry("received"), Entry("injected_before", 503), Entry("received"), Entry("injected_before", 503),
                Entry("received"), Entry("effect", 200, 1),
            ]
            #expect(try await payments.entries("r") == expected)
        }
    }

    @Test("A fault after the effect denies what was done; the next attempt learns of it")
    func after() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            let body: JSON = ["amount": 1, "fail": ["status": 500, "times": 1, "after": true]]
            #expect(try await payments.call("/charge", "r:a:execute", body).status == 500)
            #expect(try await payments.net("r") == 1)
            let second = try await payments.call("/charge", "r:a:execute", body)
            #expect(second.status == 200 && second.isReplay)
            #expect(try await payments.entries("r").contains(Entry("injected_after", 500)))
            #expect(try await payments.net("r") == 1)
        }
    }

    @Test("A compensation can be made to fail, and succeeds after that")
    func compensation() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            let body: JSON = ["amount": 1, "fail": ["status": 500, "times": 1, "on": "compensate"]]
            #expect(try await payments.call("/charge", "r:a:execute", body).status == 200)
            #expect(try await payments.call("/refund", "r:a:compensate", body).status == 500)
            #expect(try await payments.net("r") == 1)
            #expect(try await payments.call("/refund", "r:a:compensate", body).status == 200)
            #expect(try await payments.net("r") == 0)
        }
    }

    @Test("A delayed call is on record before it is done, so its compensation can overtake it")
    func delayed() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            async let late = payments.call("/charge", "r:a:execute", ["amount": 1, "delay": "4s"])
            let start = ContinuousClock.now
            while try await payments.entries("r").isEmpty { await Task.yield() }
            #expect(.now - start < .seconds(3), "the record waited for the work")
            #expect(try await payments.call("/refund", "r:a:compensate").status == 200)
            #expect(try await late.status == 409)
            #expect(try await payments.net("r") == 0)
        }
    }

    @Test("Injected at random, about the asked share fails, on both sides of the effect, and no effect is doubled")
    func random() async throws {
        try await ParticipantUnderTest.with(.notifications, injectFailure: 0.4) { notifications async throws in
            for run in 0..<60 {
                while try await notifications.call("/send", "r\(run):a:execute").status != 200 {}
            }
            #expect(try await notifications.values("SELECT count(*) FROM messages") == ["60"])
            let kinds = try await notifications.values("SELECT kind FROM ledger WHERE kind LIKE 'injected%'")
            #expect((15...80).contains(kinds.count))
            #expect(kinds.contains("injected_before") && kinds.contains("injected_after"))
        }
    }

    @Test("The dice roll the same for the same seed, and within the share")
    func dice() {
        let faults = { (seed: UInt64) in
            let dice = Dice(share: 0.2, seed: seed)
            return (0..<10_000).map { _ in dice.fault() }
        }
        let first = faults(1)
        #expect(first == faults(1))
        #expect(first != faults(2))
        #expect((1_800...2_200).contains(first.count { $0 != nil }))
        #expect((850...1_150).contains(first.count { $0?.isAfter == true }))
        let never = Dice(share: 0, seed: 1)
        #expect((0..<100).allSatisfy { _ in never.fault() == nil })
    }

    @Test(
        "A request for a fault is for the action and the steps it names",
        arguments: [
            (#"{}"#, nil, nil),
            (#"{"fail": null}"#, nil, nil),
            (#"{"fail": {"status": 503}}"#, 503, nil),
            (#"{"fail": {"status": 503, "on": null, "steps": null, "times": null}}"#, 503, nil),
            (#"{"fail": {"status": 503, "on": "compensate"}}"#, nil, 503),
            (#"{"fail": {"status": 503, "on": "any"}}"#, 503, 503),
            (#"{"fail": {"status": 503, "steps": ["a", "b"]}}"#, 503, nil),
            (#"{"fail": {"status": 503, "steps": ["b"]}}"#, nil, nil),
        ] as [(String, Int?, Int?)])
    func scope(body: String, onExecute: Int?, onCompensate: Int?) throws {
        let body = try JSON(parsing: body)
        for (action, expected) in [("execute", onExecute), ("compensate", onCompensate)] {
            let call = try Call([.idempotencyKey: "r:a:\(action)"], path: "/charge")
            #expect(try Fault(in: body, of: call)?.status == expected, "\(action)")
        }
    }

    @Test(
        "A request that cannot be understood is declined, but never stands in the way of a compensation",
        arguments: [
            #"{"fail": true}"#, #"{"fail": {}}"#, #"{"fail": {"status": 200}}"#, #"{"fail": {"status": "503"}}"#,
            #"{"fail": {"status": 503, "times": -1}}"#, #"{"fail": {"status": 503, "often": 1}}"#,
            #"{"fail": {"status": 503, "on": "never"}}"#, #"{"fail": {"status": 422, "after": true}}"#,
            #"{"delay": "soon"}"#, #"{"delay": 5}"#, #"{"delay": "2m"}"#,
        ])
    func misunderstood(body: String) throws {
        let body = try JSON(parsing: body)
        let route = Route(.execute, .compensate)
        let action = CallPlan(try Call([.idempotencyKey: "r:a:execute"], path: "/charge"), body, route)
        let compensation = CallPlan(try Call([.idempotencyKey: "r:a:compensate"], path: "/charge"), body, route)
        #expect(action.refusal?.status == 422)
        #expect(compensation.refusal == nil)
    }
}
