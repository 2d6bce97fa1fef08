import Core

/// What a run would know, written down.
struct TestScope: Scope {
    var input: JSON = nil
    var context: JSON = [:]
    var runID = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    var outputs: [String: JSON] = [:]
    var statuses: [String: String] = [:]

    func value(_ reference: Reference) -> JSON? {
        switch reference.root {
        case .input(let path): input.value(at: path)
        case .context(let path): context.value(at: path)
        case .runID: JSON(runID)
        case .stepOutput(let step, let path): outputs[step]?.value(at: path)
        case .stepStatus(let step): statuses[step].map { JSON($0) }
        }
    }

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
