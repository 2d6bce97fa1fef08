import Core
package import Postgres

extension CommitDecisions {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.uuidArray(commits.lazy.map(\.lease.runID.uuid))
        parameters.int64Array(commits.lazy.map(\.lease.epoch))
        parameters.boolArray(commits.lazy.map(\.ends))
        parameters.int32Array(commits.lazy.map { Int32($0.consumedInbox.count) })
        parameters.int64Array(commits.lazy.map { $0.releaseIn?.microseconds })
        parameters.int32Array(commits.lazy.map { Int32($0.run.lastSequence) })
        bindEvents(&parameters)
        bindSteps(&parameters)
        bindRuns(&parameters)
        bindInbox(&parameters)
    }

    private func bindEvents(_ parameters: inout Parameters) {
        var rows: [(ordinal: Int32, runID: PGUUID, sequence: Int32, event: RunCommit.Event)] = []
        for (ordinal, commit) in commits.enumerated() {
            let uuid = commit.lease.runID.uuid
            for (offset, event) in commit.events.enumerated() {
                rows.append((Int32(ordinal + 1), uuid, Int32(commit.firstSequence + offset), event))
            }
        }
        parameters.int32Array(rows.lazy.map(\.ordinal))
        parameters.uuidArray(rows.lazy.map(\.runID))
        parameters.int32Array(rows.lazy.map(\.sequence))
        parameters.textArray(rows.lazy.map(\.event.row.kind.rawValue))
        parameters.int16Array(rows.lazy.map { $0.event.row.stepIndex.map { Int16($0) } })
        parameters.textArray(rows.lazy.map(\.event.row.stepID))
        parameters.textArray(rows.lazy.map(\.event.row.action?.rawValue))
        parameters.int16Array(rows.lazy.map { $0.event.row.attempt.map { Int16($0) } })
        parameters.textArray(rows.lazy.map(\.event.row.outcome?.rawValue))
        parameters.int16Array(rows.lazy.map { $0.event.row.httpStatus.map { Int16($0) } })
        parameters.int64Array(rows.lazy.map { $0.event.row.duration?.microseconds })
        parameters.int64Array(rows.lazy.map { $0.event.row.retryIn?.microseconds })
        parameters.jsonArray(rows.lazy.map(\.event.error))
        parameters.jsonArray(rows.lazy.map(\.event.data))
    }

    private func bindSteps(_ parameters: inout Parameters) {
        var rows: [(ordinal: Int32, runID: PGUUID, change: RunCommit.ChangedStep)] = []
        for (ordinal, commit) in commits.enumerated() {
            let uuid = commit.lease.runID.uuid
            for change in commit.steps { rows.append((Int32(ordinal + 1), uuid, change)) }
        }
        parameters.int32Array(rows.lazy.map(\.ordinal))
        parameters.uuidArray(rows.lazy.map(\.runID))
        parameters.int16Array(rows.lazy.map { Int16($0.change.index) })
        parameters.textArray(rows.lazy.map(\.change.step.status.rawValue))
        parameters.int16Array(rows.lazy.map { Int16($0.change.step.attempts) })
        parameters.boolArray(rows.lazy.map(\.change.step.isAmbiguous))
        parameters.textArray(rows.lazy.map(\.change.step.compensationStatus.rawValue))
        parameters.int16Array(rows.lazy.map { Int16($0.change.step.compensationAttempts) })
        parameters.boolArray(rows.lazy.map(\.change.step.isCompensationAmbiguous))
        parameters.jsonArray(rows.lazy.map(\.change.output))
        parameters.jsonArray(rows.lazy.map(\.change.error))
        parameters.boolArray(rows.lazy.map(\.change.starts))
        parameters.boolArray(rows.lazy.map(\.change.completes))
        parameters.int64Array(rows.lazy.map { $0.change.nextIn?.microseconds })
    }

    private func bindRuns(_ parameters: inout Parameters) {
        var rows: [(ordinal: Int32, run: Run, change: RunCommit.ChangedRun)] = []
        for (ordinal, commit) in commits.enumerated() {
            if let change = commit.changedRun { rows.append((Int32(ordinal + 1), commit.run, change)) }
        }
        parameters.int32Array(rows.lazy.map(\.ordinal))
        parameters.uuidArray(rows.lazy.map(\.run.id.uuid))
        parameters.textArray(rows.lazy.map(\.run.status.rawValue))
        parameters.textArray(rows.lazy.map(\.run.cause?.rawValue))
        parameters.jsonArray(rows.lazy.map(\.change.output))
        parameters.jsonArray(rows.lazy.map(\.change.error))
    }

    private func bindInbox(_ parameters: inout Parameters) {
        var rows: [(ordinal: Int32, runID: PGUUID, inboxID: Int64)] = []
        for (ordinal, commit) in commits.enumerated() {
            for id in commit.consumedInbox { rows.append((Int32(ordinal + 1), commit.lease.runID.uuid, id)) }
        }
        parameters.int32Array(rows.lazy.map(\.ordinal))
        parameters.uuidArray(rows.lazy.map(\.runID))
        parameters.int64Array(rows.lazy.map(\.inboxID))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(verdicts: try row.int16OrNilArray(), unread: try row.int32OrNilArray())
    }
}
