package import Core

/// How everything stands, as far as whoever reads may know.
package struct NowView: Sendable {
    /// FAILED runs by what they fail of, the most first.
    package var failed: [FailedGroup] = []
    /// There are more FAILED runs than were looked at.
    package var hasMoreFailed = false
    /// Runs past their point of no return, of which a step was refused.
    package var stuck: [RunSummary] = []
    package var hasMoreStuck = false
    package var paused: [RunSummary] = []
    /// Live runs past their deadline; with a step that was tried often; that wait to try again; that are due and nobody has taken up.
    package var overdue = Slow()
    package var attempts = Slow()
    package var retrying = Slow()
    package var due = Slow()
    /// The last hour; nil where it is not known.
    package var minutes: [RunMinute]?
    package var isMinutesComplete = true
    /// Nil where whoever reads may not see it.
    package var cluster: Cluster?
    package var participants: [Participant] = []
    /// Whoever reads was told of participants at all.
    package var knowsParticipants = false
    package var pausedWorkflows: [Pause] = []
    /// Nothing is registered yet.
    package var isEmpty = false

    package init() {}

    package struct Cluster: Sendable {
        package let engines: [Engine]
        package let liveEngines: Int
        package let backlog: Int
        package let isEstimate: Bool
        package let lag: Duration
        package let settingsThatDiffer: [String]

        package struct Engine: Sendable {
            package let id: String
            package let host: String
            package let version: String
            package let inFlight: Int
            package let isAlive: Bool
            package let heartbeatAt: Instant?
        }

        package init?(_ json: JSON) {
            guard let live = json["liveEngines"]?.int, let backlog = json["backlog"]?.int else { return nil }
            liveEngines = live
            self.backlog = backlog
            isEstimate = json["backlogIsEstimate"]?.bool ?? false
            lag = .milliseconds(json["lagMs"]?.int ?? 0)
            settingsThatDiffer = json["settingsThatDiffer"]?.array?.compactMap(\.string) ?? []
            engines =
                json["engines"]?.array?.compactMap { engine in
                    guard let id = engine["id"]?.string else { return nil }
                    return Engine(
                        id: id, host: engine["host"]?.string ?? "", version: engine["version"]?.string ?? "",
                        inFlight: engine["inFlight"]?.int ?? 0, isAlive: engine["alive"]?.bool ?? false,
                        heartbeatAt: engine["heartbeatAt"]?.string.flatMap { Instant($0) })
                } ?? []
        }
    }

    /// Runs that are slow in one way, those for longest first.
    package struct Slow: Sendable {
        package var runs: [RunSummary] = []
        /// Among those that were looked at.
        package var count = 0
        /// There are more than were looked at.
        package var isMore = false

        package init() {}

        package init(_ json: JSON?) {
            runs = json?["runs"]?.array?.compactMap { RunSummary($0) } ?? []
            count = json?["count"]?.int ?? 0
            isMore = json?["isMore"]?.bool ?? false
        }
    }

    package struct Pause: Sendable {
        package let name: String
        package let since: Instant?
        package let by: String?
        package let reason: String?

        /// - Parameter json: with `name` and `paused`; nil when it is not.
        package init?(_ json: JSON) {
            guard let name = json["name"]?.string, let paused = json["paused"], paused.object != nil else { return nil }
            self.name = name
            since = paused["since"]?.string.flatMap { Instant($0) }
            by = paused["by"]?.string
            reason = paused["reason"]?.string
        }
    }

    /// One that does not work as it should, or is paused.
    package struct Participant: Sendable {
        package let name: String
        package let pause: Pause?
        /// Engines whose breaker is open, and those in which it is being tried.
        package let open: Int
        package let trying: Int
        package let lastError: String?
        package let lacks: String?

        /// Nil for one with which all is well.
        package init?(_ json: JSON) {
            guard let name = json["name"]?.string else { return nil }
            self.name = name
            pause = Pause(json)
            let engines = json["engines"]?.array ?? []
            open = engines.count { $0["breaker"]?.string == "open" }
            trying = engines.count { $0["breaker"]?.string == "halfOpen" }
            lastError = engines.lazy.compactMap { $0["lastError"]?.string }.first
            lacks = engines.lazy.compactMap { $0["lacks"]?.string }.first
            if pause == nil, open == 0, trying == 0, lacks == nil { return nil }
        }
    }

    /// Nothing needs anybody.
    package var isWell: Bool {
        failed.isEmpty && stuck.isEmpty && overdue.runs.isEmpty && participants.isEmpty && pausedWorkflows.isEmpty
            && paused.isEmpty
            && cluster.map { $0.liveEngines > 0 && $0.settingsThatDiffer.isEmpty && $0.lag < .seconds(60) } ?? true
    }
}
