package import Core
package import Postgres

extension RunRow {
    static let columns = """
        r.run_id, r.tenant_id, r.workflow_name, r.workflow_version, r.status, r.cause, r.error, r.input, r.output,
        r.context, r.correlation_id, r.created_at, r.updated_at, r.completed_at, r.deadline_at
        """

    init(_ row: inout RowReader) throws(PostgresError) {
        self.init(
            runID: try row.runID(), tenantID: try row.text(), workflowName: try row.text(),
            workflowVersion: try row.text(), status: try Self.status(try row.text()),
            cause: try row.textOrNil().flatMap { RunCause(rawValue: $0) }, error: try row.jsonValueOrNil(),
            input: try row.jsonValue(), output: try row.jsonValueOrNil(), context: try row.jsonValue(),
            correlationID: try row.textOrNil(), createdAt: try row.instant(), updatedAt: try row.instant(),
            completedAt: try row.instantOrNil(), deadlineAt: try row.instantOrNil())
    }

    private static func status(_ text: String) throws(PostgresError) -> RunStatus {
        guard let status = RunStatus(rawValue: text) else { throw .decoding("no run status: \(text)") }
        return status
    }
}

extension StepRow {
    init(_ row: inout RowReader) throws(PostgresError) {
        let (index, stepID) = (Int(try row.int16()), try row.text())
        var step = Step()
        let (status, attempts, isAmbiguous) = (try row.text(), try row.int16(), try row.bool())
        let (compensation, compensationAttempts) = (try row.text(), try row.int16())
        guard let status = StepStatus(rawValue: status), let compensation = CompensationStatus(rawValue: compensation)
        else { throw .decoding("no step status: \(status), \(compensation)") }
        step.status = status
        step.attempts = Int(attempts)
        step.isAmbiguous = isAmbiguous
        step.compensationStatus = compensation
        step.compensationAttempts = Int(compensationAttempts)
        step.isCompensationAmbiguous = try row.bool()
        step.output = try row.jsonValueOrNil()
        step.error = try row.jsonValueOrNil().flatMap { Failure($0) }
        step.startedAt = try row.instantOrNil()
        step.completedAt = try row.instantOrNil()
        step.nextAttemptAt = try row.instantOrNil()
        self.init(index: index, stepID: stepID, step: step)
    }
}

/// One run.
package struct FindRun: Statement {
    package let runID: RunID

    package typealias Row = RunRow

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = "SELECT \(RunRow.columns) FROM workflow_runs r WHERE r.run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunRow { try RunRow(&row) }
}

/// The steps of one run, in the order of its definition.
package struct FindSteps: Statement {
    package let runID: RunID

    package typealias Row = StepRow

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = """
        SELECT step_index, step_id, status, attempts, is_ambiguous, compensation_status, compensation_attempts,
            is_compensation_ambiguous, output, error, started_at, completed_at, next_attempt_at
        FROM run_steps WHERE run_id = $1 ORDER BY step_index
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StepRow { try StepRow(&row) }
}

/// One run without its payloads.
package struct FindRunHead: Statement {
    package let runID: RunID

    package typealias Row = RunHead

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = "SELECT \(RunHead.columns) FROM workflow_runs r WHERE r.run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> RunHead { try RunHead(&row) }
}

/// The steps of one run without their outputs and without what participants answered, in the order of its definition: for
/// whoever wants to know where they stand.
package struct FindStepHeads: Statement {
    package let runID: RunID

    package typealias Row = StepRow

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = """
        SELECT step_index, step_id, status, attempts, is_ambiguous, compensation_status, compensation_attempts,
            is_compensation_ambiguous, NULL::json, \(ErrorText.short("error", before: false)), started_at, completed_at,
            next_attempt_at
        FROM run_steps WHERE run_id = $1 ORDER BY step_index
        """

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StepRow { try StepRow(&row) }
}

/// The status of one run: for waiting on its end.
package struct FindRunStatus: Statement {
    package let runID: RunID

    package typealias Row = String

    package init(_ runID: RunID) { self.runID = runID }

    package static let sql = "SELECT status FROM workflow_runs WHERE run_id = $1"

    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}
