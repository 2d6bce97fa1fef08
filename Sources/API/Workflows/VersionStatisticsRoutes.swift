import Core
import HTTPTypes
import Hummingbird
import Postgres
import Storage

/// How a version does: figures over its newest runs, as far as the caller sees them.
struct VersionStatisticsRoutes: Sendable {
    let reads: Pool

    var routes: [Route] {
        [Route(.get, "/v1/workflows/:name/:version/statistics", needs: .readRuns, show)]
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let (name, version) = (try context.pathText("name"), try context.pathText("version"))
        let sight = try Query(request, known: [Query.tenant]).sight(for: context.principal)
        let found = try await reads.execute(FindSeenDefinition(name: name, version: version, seenBy: sight))
        guard let stored = found.first else { throw Problem(DefinitionProblem.unknown) }
        let runs = VersionRuns(
            of: DefinitionID(owner: stored.owner, name: name, version: version),
            tenantID: context.principal.tenants.tenantID ?? sight.tenantID)
        let figures = try await reads.execute(FindVersionStatistics(runs))
        let steps = stored.spec["steps"]?.array?.compactMap { $0["id"]?.string } ?? []
        return .json(.ok, Self.json(stored, figures, steps))
    }

    /// - Parameter steps: in the order of the definition, which is that of the answer.
    private static func json(_ stored: StoredDefinition, _ figures: [VersionFigure], _ steps: [String]) -> JSON {
        var (runs, calls): (JSON, [VersionFigure.Calls]) = (.null, [])
        for figure in figures {
            switch figure {
            case .runs(let all): runs = json(all)
            case .calls(let some): calls.append(some)
            }
        }
        let places = Dictionary(steps.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        func place(_ calls: VersionFigure.Calls) -> (Int, String, Int) {
            let isUndo = calls.action == CallAction.compensate.rawValue
            return (places[calls.stepID] ?? steps.count, calls.stepID, isUndo ? 1 : 0)
        }
        return [
            "name": .string(stored.name), "tenant": .string(stored.owner.name), "version": .string(stored.version),
            "runs": runs, "calls": .array(calls.sorted { place($0) < place($1) }.map(json)),
        ]
    }

    private static func json(_ runs: VersionFigure.Runs) -> JSON {
        var statuses = JSONObject()
        for status in RunStatus.allCases { statuses[status.rawValue] = JSON(runs.statuses[status.rawValue] ?? 0) }
        return [
            "count": JSON(runs.count), "since": runs.since.map(RunJSON.time) ?? .null, "all": .bool(!runs.isCut),
            "statuses": .object(statuses), "p50Ms": milliseconds(runs.times?.half),
            "p99Ms": milliseconds(runs.times?.most),
        ]
    }

    private static func json(_ calls: VersionFigure.Calls) -> JSON {
        var outcomes = JSONObject()
        for outcome in Outcome.allCases { outcomes[outcome.rawValue] = JSON(calls.outcomes[outcome.rawValue] ?? 0) }
        return [
            "stepId": .string(calls.stepID), "action": .string(calls.action), "runs": JSON(calls.runs),
            "attempts": JSON(calls.attempts), "retries": JSON(calls.retries), "gaveUp": JSON(calls.gaveUp),
            "outcomes": .object(outcomes), "p50Ms": milliseconds(calls.times?.half),
            "p99Ms": milliseconds(calls.times?.most),
        ]
    }

    private static func milliseconds(_ duration: Duration?) -> JSON { ShownEvent.milliseconds(duration) }
}
