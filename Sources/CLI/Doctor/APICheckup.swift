import Core

/// What can be seen through the API. What each answer means is decided by `Diagnosis`.
struct APICheckup {
    let client: APIClient
    let hasToken: Bool

    /// Workflows whose participants are looked for, and participants that are tried, at most.
    private static let most = 200

    func findings() async -> [Finding] {
        do throws(CLIError) { _ = try await client.send(.get, "/health") } catch {
            return [
                Finding(
                    .fail, "api", error.description,
                    advice: "start sagaflow-api, or say where it is: --url, SAGAFLOW_URL or a profile")
            ]
        }
        var findings = [Finding(.ok, "api", "\(client.url) answers")]
        findings += Diagnosis.readiness(await answer(to: "/ready"))
        let cluster = await answer(to: "/health/cluster")
        findings += Diagnosis.cluster(cluster)
        findings += Diagnosis.limits(await client.text("/metrics").map(Samples.init))
        let named = await named()
        findings += Diagnosis.callbacks(cluster, calledBack: named.calledBack)
        return findings + (await adminFindings(named.participants))
    }

    private func adminFindings(_ named: [String: String]) async -> [Finding] {
        guard hasToken else {
            return [
                Finding(
                    .skip, "admin", "participants and FAILED runs are not looked at without an admin token",
                    advice: "set SAGAFLOW_ADMIN_TOKEN, --admin-token-file or a profile")
            ]
        }
        let answer = await answer(to: "/v1/admin/participants")
        guard case .success(let listed) = answer else { return [Diagnosis.refusal(answer)] }
        let participants = listed["participants"]?.array ?? []
        var findings = [Finding(.ok, "admin", "the token is known")]
        findings += Diagnosis.participants(participants, named: named)
        for participant in participants.prefix(Self.most) {
            if let finding = await Reachability.finding(participant) { findings.append(finding) }
        }
        return findings + Diagnosis.failedRuns(await self.answer(to: "/v1/admin/runs/failed?limit=100"))
    }

    /// The participants of the latest versions, each with a workflow that names it, and the workflows whose calls are called back.
    private func named() async -> (participants: [String: String], calledBack: [String]) {
        guard case .success(let list) = await answer(to: "/v1/workflows?limit=\(Self.most)") else { return ([:], []) }
        var participants: [String: String] = [:]
        var calledBack: [String] = []
        for workflow in list["workflows"]?.array ?? [] {
            guard let name = workflow["name"]?.string, let latest = workflow["latest"]?.string,
                case .success(let version) = await answer(
                    to: "/v1/workflows/\(name.pathSegment)/\(latest.pathSegment)")
            else { continue }
            let calls = Self.calls(of: version["definition"] ?? .null)
            for participant in calls.compactMap({ $0["participant"]?.string }) { participants[participant] = name }
            if calls.contains(where: { Self.isCalledBack($0) }) { calledBack.append(name) }
        }
        return (participants, calledBack)
    }

    private static func calls(of definition: JSON) -> [JSON] {
        let steps = (definition["steps"]?.array ?? []) + (definition["onEnd"]?.array ?? [])
        return steps.flatMap { [$0["action"], $0["compensation"]].compactMap(\.self) }
    }

    private static func isCalledBack(_ call: JSON) -> Bool {
        call["completion"] == "callback" || call["completion"]?["callback"] != nil
    }

    private func answer(to path: String) async -> Result<JSON, CLIError> {
        do throws(CLIError) { return .success(try await client.send(.get, path).json) } catch {
            return .failure(error)
        }
    }
}

/// The samples of a metrics page, by name with labels.
struct Samples {
    private let values: [String: Double]

    init(_ text: String) {
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else {
                continue
            }
            values[String(line[..<blank])] = value
        }
        self.values = values
    }

    subscript(name: String) -> Double? { values[name] }
}
