import Core

/// What answers of the API mean, and what to do about it.
enum Diagnosis {
    /// Of a run that is due, before that is said.
    private static let longLag = Duration.seconds(60)
    /// Of machines' clocks, as everywhere.
    private static let clockTolerance = 5000

    /// Of `GET /ready`.
    static func readiness(_ answer: Result<JSON, CLIError>) -> [Finding] {
        var missing: [String] = []
        var findings: [Finding] = []
        switch answer {
        case .success(let ready):
            for warning in ready["warnings"]?.array?.compactMap(\.string) ?? [] {
                findings.append(
                    Finding(
                        .warn, "runs", warning,
                        advice: "see the engines below; saga recover says of each run why nobody moves it"))
            }
        case .failure(.refused(_, let problem)):
            missing = problem["missing"]?.array?.compactMap(\.string) ?? []
            if missing.isEmpty { findings.append(Finding(.fail, "ready", problem["title"]?.string ?? "not ready")) }
        case .failure(let error): return [Finding(.fail, "ready", error.description)]
        }
        let things = [
            ("postgres", "does not answer", "the API can't reach its database: is it up, is DATABASE_URL right?"),
            ("schema", "is not there", "saga migrate up makes it"),
            (
                "redis", "does not answer",
                "admin calls are limited by stricter limits meanwhile; is it up, is REDIS_URL right?"
            ),
        ]
        let states = things.map { name, fault, advice in
            guard missing.contains(name) else {
                return Finding(.ok, name, name == "redis" ? "answers, or none is configured" : "is there")
            }
            return Finding(name == "redis" ? .warn : .fail, name, fault, advice: advice)
        }
        // Whether there is a schema can't be seen without the database.
        return states.filter { !($0.subject == "schema" && missing.contains("postgres")) } + findings
    }

    /// Of `GET /health/cluster`.
    static func cluster(_ answer: Result<JSON, CLIError>) -> [Finding] {
        guard case .success(let cluster) = answer else {
            if case .failure(let error) = answer { return [Finding(.fail, "engines", error.description)] }
            return []
        }
        let engines = (cluster["engines"]?.array ?? []).filter { $0["alive"] == true }
        var findings = [
            engines.isEmpty
                ? Finding(
                    .fail, "engines", "none is alive: runs are accepted and wait",
                    advice: "start sagaflow-engine with the same DATABASE_URL")
                : Finding(.ok, "engines", "\(engines.count) alive")
        ]
        let versions = Set(engines.compactMap { $0["version"]?.string }).sorted()
        if versions.count > 1 {
            findings.append(
                Finding(
                    .warn, "versions", "engines run \(versions.joined(separator: ", "))",
                    advice: "well during an upgrade; afterwards replace the old ones"))
        }
        let differing = cluster["settingsThatDiffer"]?.array?.compactMap(\.string) ?? []
        findings.append(
            differing.isEmpty
                ? Finding(.ok, "settings", "engines agree on what they must, allow-lists included")
                : Finding(
                    .warn, "settings", "engines have these otherwise than others: \(differing.joined(separator: ", "))",
                    advice: "give all engines the same: docs/configuration.md, Settings that must agree"))
        let lag = Duration.milliseconds(cluster["lagMs"]?.int ?? 0)
        findings.append(
            lag > longLag
                ? Finding(
                    .warn, "backlog",
                    "\(cluster["backlog"]?.int ?? 0) runs are due and held by nobody, the oldest for \(lag.readable)",
                    advice: "more engines, or what keeps them busy: docs/runbook.md")
                : Finding(.ok, "backlog", "no run has been due for long"))
        return findings + clocks(cluster, engines)
    }

    /// Engines that can't tell participants where to call back.
    static func callbacks(_ answer: Result<JSON, CLIError>, calledBack workflows: [String]) -> [Finding] {
        guard case .success(let cluster) = answer, !workflows.isEmpty else { return [] }
        let engines = (cluster["engines"]?.array ?? []).filter { $0["alive"] == true }
        let without = engines.filter { $0["hasPublicUrl"] == false }.map { $0["host"]?.string ?? "?" }
        let names = workflows.sorted().joined(separator: ", ")
        if without.isEmpty {
            return [Finding(.ok, "callbacks", "engines say where to call back, as \(names) needs it")]
        }
        return [
            Finding(
                .fail, "callbacks",
                "calls of \(names) are called back, and the engines on \(without.joined(separator: ", ")) can't say where",
                advice: "give every engine the API's address as PUBLIC_URL: docs/configuration.md")
        ]
    }

    private static func clocks(_ cluster: JSON, _ engines: [JSON]) -> [Finding] {
        let machines = engines.map { ("the engine's on \($0["host"]?.string ?? "?")", $0["clockOffsetMs"]?.int) }
        let wrong = ([("the API's", cluster["clockOffsetMs"]?.int)] + machines).compactMap { name, offset in
            offset.flatMap { abs($0) > clockTolerance ? "\(name) by \(Duration.milliseconds(abs($0)).readable)" : nil }
        }
        if wrong.isEmpty { return [Finding(.ok, "clocks", "as the database's, within 5 s")] }
        return [
            Finding(
                .warn, "clocks", "off: \(wrong.joined(separator: ", "))",
                advice: "set them by NTP: logs and spans are misdated, certificates may seem invalid")
        ]
    }

    /// Of an admin call that was refused.
    static func refusal(_ answer: Result<JSON, CLIError>) -> Finding {
        guard case .failure(let error) = answer else { return Finding(.ok, "admin", "the token is known") }
        if case .refused(status: 401, _) = error {
            return Finding(
                .fail, "admin", "the API does not know this token",
                advice: "it is one of its ADMIN_TOKENS (name:token), without the name")
        }
        return Finding(.fail, "admin", error.description)
    }

    /// Of `GET /v1/admin/runs/failed`.
    static func failedRuns(_ answer: Result<JSON, CLIError>) -> [Finding] {
        switch answer {
        case .failure(let error): return [Finding(.fail, "failed runs", error.description)]
        case .success(let list):
            let count = list["runs"]?.array?.count ?? 0
            if count == 0 { return [Finding(.ok, "failed runs", "none")] }
            let more = list["nextCursor"]?.string == nil ? "" : " or more"
            return [
                Finding(
                    .warn, "failed runs", "\(count)\(more) wait for a person",
                    advice: "saga run failed lists them; saga run retry and saga run resolve go on with them")
            ]
        }
    }

    /// - Parameter named: participants that the latest definitions name, each with one of those workflows.
    static func participants(_ registered: [JSON], named: [String: String]) -> [Finding] {
        var findings: [Finding] = []
        let names = Set(registered.compactMap { $0["name"]?.string })
        for (name, workflow) in named.sorted(by: { $0.key < $1.key }) where !names.contains(name) {
            findings.append(
                Finding(
                    .fail, "participants",
                    "\(name), which \(workflow) names, is not registered: calls to it are not sent",
                    advice: "saga participant set \(name) http://…"))
        }
        for participant in registered {
            let told = ParticipantView.told(participant)
            let isOpen = (participant["engines"]?.array ?? []).contains { $0["breaker"] == "open" }
            guard isOpen || !told.isEmpty else { continue }
            findings.append(
                Finding(
                    .warn, "participants", "\(participant["name"]?.string ?? "?"): \(told)",
                    advice: "is it up where engines look for it? saga participant show has its address"))
        }
        if !findings.isEmpty { return findings }
        return [Finding(.ok, "participants", "\(names.count) registered, and all that the latest definitions name")]
    }

    /// Of the API's metrics; nil when they could not be read.
    static func limits(_ samples: Samples?) -> [Finding] {
        guard let samples else { return [Finding(.skip, "limits", "the API's metrics can't be read")] }
        var findings: [Finding] = []
        func compare(_ used: String, _ limit: String, _ what: String, _ advice: String) {
            guard let used = samples[used], let limit = samples[limit], limit > 0, used > limit * 0.8 else { return }
            findings.append(Finding(.warn, "limits", "\(Int(used)) of \(Int(limit)) \(what)", advice: advice))
        }
        compare(
            "http_server_connections", "http_server_connections_limit", "connections of clients are taken",
            "raise CONNECTIONS, or start one more API")
        compare(
            "process_open_fds", "process_max_fds", "file descriptors of the API are open",
            "raise its limit: ulimit -n, LimitNOFILE")
        if let waiting = samples["starts_waiting"], waiting > 0 {
            findings.append(
                Finding(
                    .warn, "limits", "\(Int(waiting)) starts wait for their turn",
                    advice: "the database takes no more at the moment: docs/postgres.md, Sizing"))
        }
        return findings.isEmpty ? [Finding(.ok, "limits", "none of the API's is near")] : findings
    }
}
