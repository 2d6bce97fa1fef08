import Checker
import Core
import Testing

/// One start request.
struct Order: Sendable {
    let workflow: String
    let input: JSON
    let key: String
    let isCancelled: Bool

    /// One in four is declined for good by a participant, after others have had their effect.
    ///
    /// - Parameter name: what stands before the number, in its key and in what participants are told.
    init(_ number: Int, named name: String = "order", using random: inout Dice) {
        workflow = ["order-processing", "checkout", "order-dispatch", "refund-flow", "invoice-issuance"][number % 5]
        key = "\(name)-\(number)"
        isCancelled = number % 12 == 0
        // Longer than a lease: if the engine dies meanwhile, the call arrives after its compensation.
        let delay = isCancelled ? 2500 : Int.random(in: 50...400, using: &random)
        let isDeclined = Int.random(in: 0..<4, using: &random) == 0
        input = [
            "orderId": .string(key), "reference": .string(key), "paymentId": .string("payment-\(number)"),
            "amount": JSON(isDeclined && workflow == "checkout" ? 900 : Int.random(in: 1...400, using: &random)),
            "sku": .string(isDeclined ? "out-of-stock" : "sku-\(number % 7)"), "quantity": 1, "agents": 2,
            "email": number % 3 == 0 ? .null : .string("\(key)@example.com"), "pickupAt": "2030-01-01T10:00:00Z",
            "delay": .string("\(delay)ms"),
        ]
    }

    /// Starts it until somebody answers; every attempt carries the same key.
    func start(
        _ system: Deployment, port: Int, as credential: [(String, String)] = []
    ) async throws -> Acknowledgement {
        for _ in 0..<20 {
            let answer = try await send(system, port: port, as: credential)
            if answer.status == 202, let runID = answer.json["runId"]?.string.flatMap({ RunID($0) }) {
                return Acknowledgement(runID, idempotencyKey: key)
            }
            try #require(answer.status == nil || answer.status == 503, "\(workflow): \(answer)")
        }
        throw NeverStarted(order: key)
    }

    /// One request.
    func send(
        _ system: Deployment, port: Int, timeout: Duration = .seconds(10), as credential: [(String, String)] = []
    ) async throws -> HTTP.Answer {
        try await system.http.send(
            "POST", port: port, "/v1/workflows/\(workflow)/start", ["input": input],
            headers: [("Idempotency-Key", key)] + credential, timeout: timeout)
    }

    struct NeverStarted: Error {
        let order: String
    }
}
