import Core

/// The workflow everything here runs: a chain of three steps, each with a compensation, no deadline.
enum BenchWorkflow {
    static let name = "bench-chain"
    static let participant = "bench"

    /// What is registered with the API, and what the floor's statements are made from.
    static var definition: JSON {
        let steps: [JSON] = ["a", "b", "c"].map { id in
            [
                "id": .string(id),
                "action": ["participant": .string(participant), "path": .string("/\(id)")],
                "compensation": ["participant": .string(participant), "path": .string("/\(id)/undo")],
                // Longer than any phase has calls held.
                "timeout": "120s",
            ]
        }
        return ["name": .string(name), "version": "1.0.0", "steps": .array(steps)]
    }

    /// A run's input: about 100 bytes, an order of ordinary size.
    static let input: JSON = [
        "orderId": "ord-20300101-000042", "customerId": "cus-7f3a9c", "sku": "sku-1138-blue", "amount": 42,
        "currency": "EUR",
    ]

    /// What the participant answers to every call.
    static let answer = #"{"ok":true}"#
}
