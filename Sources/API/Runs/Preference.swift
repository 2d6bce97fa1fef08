import Basics

/// The `Prefer` header (RFC 7240).
enum Preference {
    /// Longer waits are cut to this.
    static let longestWait = 60

    /// Seconds of `wait=N`, or of `wait="N"`, which is the same; nil when there is none. What is malformed or unknown is
    /// ignored, as the standard asks.
    static func wait(_ values: [String]) -> Int? {
        for preference in values.flatMap({ HeaderList.split($0, at: ",") }) {
            guard let first = HeaderList.split(preference, at: ";").first,
                let (name, value) = HeaderList.parameter(first), name == "wait",
                value.utf8.allSatisfy(\.isDigit), let seconds = Int(value)
            else { continue }
            return min(seconds, longestWait)
        }
        return nil
    }
}
