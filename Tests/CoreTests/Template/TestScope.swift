import Core

/// What a run would know, written down.
struct TestScope: Scope {
    var input: JSON = nil
    var context: JSON = [:]
    var runID = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    var outputs: [String: JSON] = [:]
    var statuses: [String: String] = [:]

    func value(_ root: Reference.Root) -> JSON? {
        switch root {
        case .input: input
        case .context: context
        case .run(.id): JSON(runID)
        case .step(let step, .output): outputs[step]
        case .step(let step, .status): statuses[step].map { JSON($0) }
        case .run, .step, .attempt, .response, .payload, .item, .index: nil
        }
    }

    func secret(_ name: String) -> [UInt8]? { name == "signing" ? Array("key".utf8) : nil }

    static let order = TestScope(
        input: [
            "id": "o-1", "amount": 12.50, "big": 9_007_199_254_740_993, "ok": true, "none": nil, "empty": "",
            "lines": [["sku": "a b/c"], ["sku": "d"]], "a-b_C9": "dashed", "dot": ".", "dots": "..",
            "crlf": "a\r\nX: y",
            "text": "ümläut & more", "fake": "${input.id}", "0": "zero",
        ],
        context: ["tenantId": "t1"],
        outputs: ["charge-payment": ["paymentId": "p-9", "parts": [1, 2]], "two_words": "plain", "nothing": nil],
        statuses: ["charge-payment": "SUCCEEDED"])
}
