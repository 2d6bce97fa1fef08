/// What a client takes as an answer: its `Accept` header (RFC 9110 §12.5.1), as far as it names media types in full.
struct AcceptHeader {
    private var qualities: [String: Double] = [:]

    /// - Parameter header: nil when there is none.
    init(_ header: String?) {
        for range in HeaderList.split(header ?? "", at: ",") {
            let parts = HeaderList.split(range, at: ";")
            guard let type = parts.first?.lowercased() else { continue }
            let weight = parts.dropFirst().compactMap(HeaderList.parameter).first { $0.name == "q" }?.value
            qualities[type] = weight.flatMap { Double($0) } ?? 1
        }
    }

    /// The type is named, not refused with `q=0`, and no less welcome than `other` if that is named as well.
    func prefers(_ type: String, over other: String) -> Bool {
        guard let quality = qualities[type], quality > 0 else { return false }
        return quality >= qualities[other] ?? 0
    }
}
