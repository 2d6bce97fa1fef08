import Core
import Hummingbird
import Storage

/// Which FAILED runs are to be retried, read and checked.
struct FailedRunRequest {
    let query: FailedRunQuery
    let reason: String?
    /// Only say which they are.
    let isDryRun: Bool

    private static let kinds = FailedRunQuery.Kind.allCases.map(\.rawValue).joined(separator: ", ")

    init(_ json: JSON, _ scope: RunScope) throws(Problem) {
        var fields = try Fields(
            json,
            known: ["workflow", "stepId", "kind", "createdAfter", "createdBefore", "limit", "reason", "dryRun"])
        var query = FailedRunQuery(scope: scope, limit: fields.integer("limit", in: 1...1000) ?? 100)
        query.runs.workflowName = fields.string("workflow", maxBytes: 255)
        query.stepID = fields.string("stepId", maxBytes: 255)
        if let text = fields.string("kind", maxBytes: 255) {
            query.kind = FailedRunQuery.Kind(rawValue: text)
            if query.kind == nil { fields.refuse(JSONPointer(["kind"]), "This must be one of \(Self.kinds).") }
        }
        query.runs.createdAfter = fields.time("createdAfter")
        query.runs.createdBefore = fields.time("createdBefore")
        reason = fields.string("reason", maxBytes: 1000)
        isDryRun = fields.flag("dryRun") ?? false
        self.query = query
        try fields.check()
    }

    /// The same filters, as the query of a list.
    static func query(_ request: Request, _ scope: RunScope) throws(Problem) -> FailedRunQuery {
        let query = try Query(
            request, known: ["workflow", "stepId", "kind", "createdAfter", "createdBefore", "limit", "cursor"])
        var failed = FailedRunQuery(scope: scope, limit: try query.limit())
        failed.runs.workflowName = query["workflow"]
        failed.stepID = query["stepId"]
        failed.kind = try query.value("kind", "must be one of \(kinds).") { FailedRunQuery.Kind(rawValue: $0) }
        failed.runs.createdAfter = try query.time("createdAfter")
        failed.runs.createdBefore = try query.time("createdBefore")
        failed.runs.before = try query.cursor { Cursor($0) }?.last
        return failed
    }
}

/// What a person says of one or several steps, read and checked.
struct ResolveRequest {
    /// At least one, each once.
    let stepIDs: [String]
    let reason: String

    /// As many as a workflow can have.
    private static let maxSteps = WorkflowDefinition.maxSteps + ForEachDefinition.maxElementsOfRun

    init(_ json: JSON) throws(Problem) {
        var fields = try Fields(json, known: ["stepId", "stepIds", "resolution", "reason"])
        let stepIDs = Self.stepIDs(&fields)
        let resolution = fields.string("resolution", maxBytes: 255)
        let reason = fields.string("reason", maxBytes: 1000)
        for key in ["resolution", "reason"] where fields[key] == nil {
            fields.refuse(JSONPointer([key]), "This member is required.")
        }
        if let resolution, resolution != "compensated" {
            fields.refuse(JSONPointer(["resolution"]), "The only resolution there is is \"compensated\".")
        }
        try fields.check()
        self.stepIDs = stepIDs
        self.reason = reason ?? ""
    }

    /// Of `stepId` or `stepIds`, exactly one of which must be there.
    private static func stepIDs(_ fields: inout Fields) -> [String] {
        guard let json = fields["stepIds"] else {
            if fields["stepId"] == nil {
                fields.refuse(JSONPointer(["stepId"]), "This member is required, or stepIds instead.")
            }
            return fields.string("stepId", maxBytes: 255).map { [$0] } ?? []
        }
        let pointer = JSONPointer(["stepIds"])
        if fields["stepId"] != nil { fields.refuse(pointer, "Only one of stepId and stepIds can be given.") }
        guard let listed = json.array, (1...maxSteps).contains(listed.count) else {
            fields.refuse(pointer, "This must be an array of 1 to \(maxSteps) step ids.")
            return []
        }
        var stepIDs: [String] = []
        for (index, json) in listed.enumerated() {
            let place = JSONPointer(["stepIds", String(index)])
            guard let stepID = fields.string(json, at: place, maxBytes: 255) else { continue }
            if stepIDs.contains(stepID) { fields.refuse(place, "This step is named twice.") }
            stepIDs.append(stepID)
        }
        return stepIDs
    }
}
