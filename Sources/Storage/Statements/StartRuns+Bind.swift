import Core
package import Postgres

extension StartRuns {
    package func bind(_ parameters: inout Parameters) {
        bindRuns(&parameters)
        bindSteps(&parameters)
        bindEvents(&parameters)
        parameters.column(WireInt32.self, of: runs) { Int32($0.run.lastSequence) }
        parameters.column(WireInt32.self, of: runs) { Int32(clamping: $0.weight) }
    }

    private func bindRuns(_ parameters: inout Parameters) {
        parameters.column(WireUUID.self, of: runs) { $0.run.id.uuid }
        parameters.column(WireText.self, of: runs) { $0.tenantID }
        parameters.column(WireText.self, of: runs) { $0.run.definition.name }
        parameters.column(WireText.self, of: runs) { $0.run.definition.versionText }
        parameters.column(WireText.self, of: runs) { $0.run.status.rawValue }
        parameters.column(WireJSON.self, of: runs) { $0.inputBytes }
        parameters.column(WireJSON.self, of: runs) { $0.contextBytes }
        parameters.column(WireText.self, of: runs) { $0.correlationID }
        parameters.column(WireText.self, of: runs) { $0.traceparent }
        parameters.column(WireJSON.self, of: runs) { $0.run.output?.bytes }
        parameters.column(WireInt64.self, of: runs) { $0.run.definition.timeout?.microseconds }
        parameters.column(WireText.self, of: runs) { $0.idempotency?.key }
        parameters.column(WireBytes.self, of: runs) { $0.idempotency?.requestHash }
        parameters.column(WireInt64.self, of: runs) { $0.idempotency?.lifetime.microseconds }
        parameters.column(WireJSON.self, of: runs) { $0.run.errorJSON?.bytes }
    }

    private func bindSteps(_ parameters: inout Parameters) {
        steps(&parameters, WireInt32.self) { ordinal, _, _ in ordinal }
        steps(&parameters, WireUUID.self) { _, new, _ in new.run.id.uuid }
        steps(&parameters, WireInt16.self) { _, _, index in Int16(index) }
        steps(&parameters, WireText.self) { _, new, index in new.run.definition.steps[index].id }
        steps(&parameters, WireText.self) { _, new, index in new.run.steps[index].status.rawValue }
        steps(&parameters, WireBool.self) { _, new, index in new.run.steps[index].nextAttemptAt != nil }
    }

    private func bindEvents(_ parameters: inout Parameters) {
        events(&parameters, WireInt32.self) { ordinal, _, _ in ordinal }
        events(&parameters, WireUUID.self) { _, new, _ in new.run.id.uuid }
        events(&parameters, WireInt32.self) { _, _, offset in Int32(offset + 1) }
        events(&parameters, WireText.self) { _, new, offset in new.rows[offset].kind?.rawValue }
        events(&parameters, WireInt16.self) { _, new, offset in new.rows[offset].stepIndex.map { Int16($0) } }
        events(&parameters, WireText.self) { _, new, offset in new.rows[offset].stepID }
        events(&parameters, WireText.self) { _, new, _ in new.traceparent.flatMap(Self.traceID) }
        events(&parameters, WireJSON.self) { _, new, offset in new.rows[offset].data?.bytes }
    }

    /// The second field of a W3C `traceparent`.
    private static func traceID(_ traceparent: String) -> String? {
        let fields = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        return fields.count >= 4 ? String(fields[1]) : nil
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> [Bool] { try row.boolArray() }
}

// One column of all steps or events, run by run. `ordinal` is the run's place in the batch, from one.
extension StartRuns {
    @inline(__always)
    private func steps<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (Int32, NewRun, Int) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        var ordinal: Int32 = 0
        for new in runs {
            ordinal += 1
            for index in new.run.steps.indices {
                Type.Value.append(value(ordinal, new, index), to: &column, of: &parameters)
            }
        }
        parameters.end(column)
    }

    @inline(__always)
    private func events<Type: ColumnType>(
        _ parameters: inout Parameters, _ type: Type.Type, _ value: (Int32, NewRun, Int) -> Type.Value?
    ) {
        var column = parameters.begin(type)
        var ordinal: Int32 = 0
        for new in runs {
            ordinal += 1
            for offset in new.rows.indices {
                Type.Value.append(value(ordinal, new, offset), to: &column, of: &parameters)
            }
        }
        parameters.end(column)
    }
}
