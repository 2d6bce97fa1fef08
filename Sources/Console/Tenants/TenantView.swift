package import Core

/// A tenant as the API shows it.
package struct TenantView: Sendable {
    package let id: String
    package let state: String
    package let weight: Int
    /// By the limit's name.
    package let limits: [String: Int]
    package let createdAt: Instant?
    package let updatedAt: Instant?
    package let updatedBy: String?
    /// Nil in lists.
    package let usage: Usage?

    package struct Usage: Sendable {
        package let liveRuns: Int
        package let sleepingRuns: Int
        /// There are more than were counted.
        package let isMore: Bool
        /// An estimate; nil before the first.
        package let storedBytes: Int?
        package let storedAt: Instant?
    }

    package init?(_ json: JSON?) {
        guard let json, let id = json["id"]?.string else { return nil }
        self.id = id
        state = json["state"]?.string ?? ""
        weight = json["weight"]?.int ?? 0
        limits = (json["limits"]?.object?.members ?? []).reduce(into: [:]) { all, member in
            all[member.key] = member.value.int
        }
        func time(_ json: JSON?) -> Instant? { json?.string.flatMap { Instant($0) } }
        createdAt = time(json["createdAt"])
        updatedAt = time(json["updatedAt"])
        updatedBy = json["updatedBy"]?.string
        usage = json["usage"].map { usage in
            Usage(
                liveRuns: usage["liveRuns"]?.int ?? 0, sleepingRuns: usage["sleepingRuns"]?.int ?? 0,
                isMore: usage["isMore"]?.bool ?? false, storedBytes: usage["storedBytes"]?.int,
                storedAt: time(usage["storedBytesAt"]))
        }
    }

    /// Shape, colour and word.
    var stateMark: HTML {
        let (icon, tone, word): (Icon, String, String) =
            switch state {
            case "active": (.done, "good", "Active")
            case "suspended": (.paused, "undo", "Suspended")
            case "closed": (.cancelled, "bad", "Closed")
            default: (.unknown, "quiet", state)
            }
        return #"<span class="state \#(tone)">\#(icon.svg)\#(word)</span>"#
    }
}

/// A limit that a tenant may have.
package struct TenantLimit: Sendable {
    /// As the API calls it.
    package let name: String
    package let range: ClosedRange<Int>

    package init(_ name: String, _ range: ClosedRange<Int>) {
        self.name = name
        self.range = range
    }

    /// What people call it.
    var title: String {
        switch self.name {
        case "startsPerSecond": "Starts a second"
        case "startBurst": "Starts at once"
        case "liveRuns": "Live runs"
        case "sleepingRuns": "Runs that wait"
        case "storedBytes": "Bytes kept"
        case "payloadBytes": "Bytes of one start"
        default: name
        }
    }

    var hint: String {
        switch name {
        case "startsPerSecond": "On the long run; beyond it starts are told to wait."
        case "startBurst": "After a quiet time. Needs a rate; empty: as many as in a second."
        case "liveRuns": "Beyond it nothing new is accepted."
        case "sleepingRuns": "Of the live ones: for a time, a signal, a person, a child."
        case "storedBytes": "Of all runs that are kept, by an estimate."
        case "payloadBytes": "Input and context together."
        default: ""
        }
    }

    static func shown(_ name: String, _ value: Int) -> HTML {
        name.hasSuffix("Bytes") ? HTML(text: Part.size(value)) : Part.number(value)
    }
}
