import Core

/// Demo orders: what the demo workflows take as their input.
struct Orders: Sendable {
    let count: Int
    /// The share that is declined. Spread evenly, and exact.
    let failureShare: Double

    /// The input of one order, from 0.
    func input(_ number: Int) -> JSON {
        var order: JSONObject = [
            "orderId": "sim-\(number + 1)", "amount": JSON(10 + number * 7 % 480), "sku": "book-\(number % 50)",
            "quantity": JSON(1 + number % 3), "email": "customer-\(number + 1)@example.com",
        ]
        let declined = declined(before: number)
        if self.declined(before: number + 1) > declined {
            // The demo payments decline more than 500, the demo inventory never has this.
            if declined % 2 == 0 { order["amount"] = 600 } else { order["sku"] = "out-of-stock" }
        }
        return .object(order)
    }

    private func declined(before number: Int) -> Int { Int((Double(number) * failureShare + 1e-9).rounded(.down)) }
}
