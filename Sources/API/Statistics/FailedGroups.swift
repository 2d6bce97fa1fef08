import Console
import Core
import Storage

/// FAILED runs that fail at the same place for the same reason, the most first.
struct FailedGroups {
    struct Group {
        let workflow: String
        let stepID: String?
        /// Without what differs between two of the same.
        let error: String
        var count: Int
        var newestAt: Instant
        var runIDs: [RunID]

        var json: JSON {
            [
                "workflow": .string(workflow), "stepId": JSON(stepID), "error": .string(error), "count": JSON(count),
                "newestAt": RunJSON.time(newestAt), "runIds": .array(runIDs.map { .string($0.description) }),
            ]
        }
    }

    /// At most `most`.
    private(set) var shown: [Group]
    let isCut: Bool

    static let most = 200

    init(_ rows: [GroupFailedRuns.Row], for sight: PayloadSight) {
        let view = sight.view(of: nil)
        var groups: [FailedGroup.Key: Group] = [:]
        for row in rows {
            let problem = RunSummary.Problem(view.error(of: row))
            let key = FailedGroup.Key(of: problem, workflow: row.workflowName)
            var group =
                groups[key]
                ?? Group(
                    workflow: key.workflow, stepID: key.stepID, error: key.error, count: 0, newestAt: row.updatedAt,
                    runIDs: [])
            group.count += row.count
            group.newestAt = max(group.newestAt, row.updatedAt)
            group.runIDs = Array((group.runIDs + row.runIDs).sorted(by: >).prefix(3))
            groups[key] = group
        }
        let sorted = groups.values.sorted {
            ($0.count, $0.newestAt, $0.workflow, $0.error) > ($1.count, $1.newestAt, $1.workflow, $1.error)
        }
        shown = Array(sorted.prefix(Self.most))
        isCut = sorted.count > Self.most
    }
}
