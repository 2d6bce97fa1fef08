import Core
package import Postgres

extension CommitDecisions {
    package func bind(_ parameters: inout Parameters) {
        bindAll(&parameters)
        parameters.column(WireInt16.self, of: commits) { $0.waitsFor }
    }

    /// What all batches have; the rest is of runs that are given back.
    func bindAll(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.column(WireUUID.self, of: commits) { $0.lease.runID.uuid }
        parameters.column(WireInt64.self, of: commits) { $0.lease.epoch }
        parameters.column(WireBool.self, of: commits) { $0.ends }
        parameters.column(WireInt32.self, of: commits) { Int32($0.firstSequence) }
        parameters.column(WireInt32.self, of: commits) { Int32($0.eventCount) }
        parameters.column(WireJSON.self, of: commits) { $0.events }
        bindRows(&parameters)
        parameters.column(WireInt32.self, of: commits) { Int32($0.consumedInbox.count) }
        parameters.column(WireInt64.self, of: commits) { $0.releaseIn?.microseconds }
        parameters.column(WireInt32.self, of: commits) { $0.weight.map { Int32(clamping: $0) } }
        bindInbox(&parameters)
        rows(&parameters, WireInt32.self) { $2.snapshot.dueCount }
        rows(&parameters, WireInt64.self) { $2.deadlineAt?.microseconds }
    }

    private func bindRows(_ parameters: inout Parameters) {
        rows(&parameters, WireInt32.self) { ordinal, _, _ in ordinal }
        rows(&parameters, WireUUID.self) { _, commit, _ in commit.lease.runID.uuid }
        rows(&parameters, WireText.self) { $2.status.rawValue }
        rows(&parameters, WireText.self) { $2.cause?.rawValue }
        rows(&parameters, WireInt64.self) { $2.updatedAt?.microseconds }
        rows(&parameters, WireJSON.self) { $2.output }
        rows(&parameters, WireJSON.self) { $2.error }
        rows(&parameters, WireJSON.self) { $2.snapshot.steps }
        rows(&parameters, WireText.self) { $2.snapshot.referencesText }
        rows(&parameters, WireJSON.self) { $2.snapshot.due }
        rows(&parameters, WireInt64.self) { $2.snapshot.dueBefore?.microseconds }
    }

    private func bindInbox(_ parameters: inout Parameters) {
        inbox(&parameters, WireInt32.self) { ordinal, _, _ in ordinal }
        inbox(&parameters, WireUUID.self) { _, commit, _ in commit.lease.runID.uuid }
        inbox(&parameters, WireInt64.self) { $2 }
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(verdicts: try row.int16OrNilArray(), unread: try row.int32OrNilArray(), at: try row.instant())
    }
}

// One column of all rows of a kind, run by run, with the place in the batch, from one, of the decision that each belongs to.
// Inlined, so that of each row nothing but the one field is touched.
extension CommitDecisions {
    @inline(__always)
    private func rows<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type,
        _ value: (Int32, RunCommit, RunCommit.StoredRun) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        var ordinal: Int32 = 0
        for commit in commits {
            ordinal += 1
            guard let row = commit.row else { continue }
            Type.Value.append(value(ordinal, commit, row), to: &column, of: &parameters)
        }
        parameters.end(column)
    }

    @inline(__always)
    private func inbox<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (Int32, RunCommit, Int64) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        var ordinal: Int32 = 0
        for commit in commits {
            ordinal += 1
            for id in commit.consumedInbox {
                Type.Value.append(value(ordinal, commit, id), to: &column, of: &parameters)
            }
        }
        parameters.end(column)
    }
}
