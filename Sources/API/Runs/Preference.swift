/// The `Prefer` header (RFC 7240).
enum Preference {
    /// Longer waits are cut to this.
    static let longestWait = 60

    /// Seconds of `wait=N`; nil when there is none. What is malformed or unknown is ignored, as the standard asks.
    static func wait(_ values: [String]) -> Int? {
        for value in values {
            for part in value.split(separator: ",") {
                let preference = (part.split(separator: ";").first ?? part).trimmed()
                let sides = preference.split(separator: "=", maxSplits: 1).map { $0.trimmed() }
                guard sides.count == 2, sides[0].lowercased() == "wait", let seconds = Int(sides[1]), seconds >= 0
                else {
                    continue
                }
                return min(seconds, longestWait)
            }
        }
        return nil
    }
}
