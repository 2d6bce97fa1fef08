import Core
package import Postgres

extension CommitDecisions {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.column(WireUUID.self, of: commits) { $0.lease.runID.uuid }
        parameters.column(WireInt64.self, of: commits) { $0.lease.epoch }
        parameters.column(WireBool.self, of: commits) { $0.ends }
        parameters.column(WireInt32.self, of: commits) { Int32($0.consumedInbox.count) }
        parameters.column(WireInt64.self, of: commits) { $0.releaseIn?.microseconds }
        parameters.column(WireInt32.self, of: commits) { Int32($0.run.lastSequence) }
        bindEvents(&parameters)
        bindSteps(&parameters)
        bindRuns(&parameters)
        bindInbox(&parameters)
        parameters.column(WireInt32.self, of: commits) { $0.weight.map { Int32(clamping: $0) } }
    }

    private func bindEvents(_ parameters: inout Parameters) {
        ordinals(&parameters) { $0.events.count }
        events(&parameters, WireUUID.self) { commit, _, _ in commit.lease.runID.uuid }
        events(&parameters, WireInt32.self) { commit, offset, _ in Int32(commit.firstSequence + offset) }
        events(&parameters, WireText.self) { $2.row.kind?.rawValue }
        events(&parameters, WireInt16.self) { $2.row.stepIndex.map { Int16($0) } }
        events(&parameters, WireText.self) { $2.row.stepID }
        events(&parameters, WireText.self) { $2.row.action?.rawValue }
        events(&parameters, WireInt16.self) { $2.row.attempt.map { Int16($0) } }
        events(&parameters, WireText.self) { $2.row.outcome?.rawValue }
        events(&parameters, WireInt16.self) { $2.row.httpStatus.map { Int16($0) } }
        events(&parameters, WireInt64.self) { $2.row.duration?.microseconds }
        events(&parameters, WireInt64.self) { $2.row.retryIn?.microseconds }
        events(&parameters, WireJSON.self) { $2.error }
        events(&parameters, WireJSON.self) { $2.data }
    }

    private func bindSteps(_ parameters: inout Parameters) {
        ordinals(&parameters) { $0.steps.count }
        steps(&parameters, WireUUID.self) { commit, _ in commit.lease.runID.uuid }
        steps(&parameters, WireInt16.self) { Int16($1.index) }
        steps(&parameters, WireText.self) { $1.step.status.rawValue }
        steps(&parameters, WireInt16.self) { Int16($1.step.attempts) }
        steps(&parameters, WireBool.self) { $1.step.isAmbiguous }
        steps(&parameters, WireText.self) { $1.step.compensationStatus.rawValue }
        steps(&parameters, WireInt16.self) { Int16($1.step.compensationAttempts) }
        steps(&parameters, WireBool.self) { $1.step.isCompensationAmbiguous }
        steps(&parameters, WireJSON.self) { $1.output }
        steps(&parameters, WireJSON.self) { $1.error }
        steps(&parameters, WireBool.self) { $1.starts }
        steps(&parameters, WireBool.self) { $1.completes }
        steps(&parameters, WireInt64.self) { $1.nextIn?.microseconds }
    }

    private func bindRuns(_ parameters: inout Parameters) {
        ordinals(&parameters) { $0.changedRun == nil ? 0 : 1 }
        runs(&parameters, WireUUID.self) { commit, _ in commit.lease.runID.uuid }
        runs(&parameters, WireText.self) { commit, _ in commit.run.status.rawValue }
        runs(&parameters, WireText.self) { commit, _ in commit.run.cause?.rawValue }
        runs(&parameters, WireJSON.self) { $1.output }
        runs(&parameters, WireJSON.self) { $1.error }
    }

    private func bindInbox(_ parameters: inout Parameters) {
        ordinals(&parameters) { $0.consumedInbox.count }
        inbox(&parameters, WireUUID.self) { commit, _ in commit.lease.runID.uuid }
        inbox(&parameters, WireInt64.self) { $1 }
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(verdicts: try row.int16OrNilArray(), unread: try row.int32OrNilArray())
    }
}

// One column of all rows of a kind, run by run. Inlined, so that of each row nothing but the one field is touched.
extension CommitDecisions {
    /// The place in the batch, from one, of the decision that each row belongs to.
    @inline(__always)
    private func ordinals(_ parameters: inout Parameters, _ count: (RunCommit) -> Int) {
        var column = parameters.begin(WireInt32.self)
        var ordinal: Int32 = 0
        for commit in commits {
            ordinal += 1
            for _ in 0..<count(commit) { Int32.append(ordinal, to: &column, of: &parameters) }
        }
        parameters.end(column)
    }

    @inline(__always)
    private func events<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (RunCommit, Int, RunCommit.Event) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        for commit in commits {
            for offset in commit.events.indices {
                Type.Value.append(value(commit, offset, commit.events[offset]), to: &column, of: &parameters)
            }
        }
        parameters.end(column)
    }

    @inline(__always)
    private func steps<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (RunCommit, RunCommit.ChangedStep) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        for commit in commits {
            for index in commit.steps.indices {
                Type.Value.append(value(commit, commit.steps[index]), to: &column, of: &parameters)
            }
        }
        parameters.end(column)
    }

    @inline(__always)
    private func runs<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (RunCommit, RunCommit.ChangedRun) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        for commit in commits {
            guard let change = commit.changedRun else { continue }
            Type.Value.append(value(commit, change), to: &column, of: &parameters)
        }
        parameters.end(column)
    }

    @inline(__always)
    private func inbox<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (RunCommit, Int64) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        for commit in commits {
            for id in commit.consumedInbox { Type.Value.append(value(commit, id), to: &column, of: &parameters) }
        }
        parameters.end(column)
    }
}
