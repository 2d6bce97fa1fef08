/// How the participant answers calls from now on; what is held already stays held.
struct ParticipantMode: Sendable, Hashable {
    enum Pace: Sendable, Hashable {
        case instant
        /// Milliseconds a call is held.
        case hold(Int64)
        /// Until `/release`.
        case gate
    }

    var pace = Pace.instant
    /// Whether the action of the third step is refused with 422.
    var rejectsThird = false
    /// Every call is answered 503 with this `Retry-After`.
    var busySeconds: Int?
    /// Only the action of the third step is answered so.
    var thirdBusySeconds: Int?

    /// Reads `hold=MS|gate&reject=yes|no&busy=SECONDS&busy-third=SECONDS`. What is not given is as it is in a new participant.
    ///
    /// - Returns: nil when it can't be read.
    init?(query: Substring) {
        for pair in query.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            guard sides.count == 2 else { return nil }
            switch (sides[0], sides[1]) {
            case ("hold", "gate"): pace = .gate
            case ("hold", let text):
                guard let time = Int64(text), (0...600_000).contains(time) else { return nil }
                pace = time == 0 ? .instant : .hold(time)
            case ("reject", "yes"): rejectsThird = true
            case ("reject", "no"): rejectsThird = false
            case ("busy", let text):
                guard let seconds = Self.seconds(text) else { return nil }
                busySeconds = seconds == 0 ? nil : seconds
            case ("busy-third", let text):
                guard let seconds = Self.seconds(text) else { return nil }
                thirdBusySeconds = seconds == 0 ? nil : seconds
            default: return nil
            }
        }
    }

    /// No longer than engines honour.
    private static func seconds(_ text: Substring) -> Int? { Int(text).flatMap { (0...300).contains($0) ? $0 : nil } }

    init(holdMilliseconds: Int64) { pace = holdMilliseconds > 0 ? .hold(holdMilliseconds) : .instant }
}
