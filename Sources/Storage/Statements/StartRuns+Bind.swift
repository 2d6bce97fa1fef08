import Core
package import Postgres

extension StartRuns {
    package func bind(_ parameters: inout Parameters) {
        bindRuns(&parameters)
        bindSteps(&parameters)
        bindEvents(&parameters)
        parameters.int32Array(runs.map { Int32($0.run.lastSequence) })
    }

    private func bindRuns(_ parameters: inout Parameters) {
        parameters.uuidArray(runs.map(\.run.id.uuid))
        parameters.textArray(runs.map(\.tenantID))
        parameters.textArray(runs.map(\.run.definition.name))
        parameters.textArray(runs.map(\.run.definition.version.description))
        parameters.textArray(runs.map(\.run.status.rawValue))
        parameters.jsonArray(runs.map(\.inputBytes))
        parameters.jsonArray(runs.map(\.contextBytes))
        parameters.textArray(runs.map(\.correlationID))
        parameters.textArray(runs.map(\.traceparent))
        parameters.jsonArray(runs.map { $0.run.output?.bytes })
        parameters.int64Array(runs.map { $0.run.definition.timeout?.microseconds })
        parameters.textArray(runs.map(\.idempotency?.key))
        parameters.bytesArray(runs.map(\.idempotency?.requestHash))
        parameters.int64Array(runs.map { $0.idempotency?.lifetime.microseconds })
        parameters.jsonArray(runs.map { $0.run.errorJSON?.bytes })
    }

    private func bindSteps(_ parameters: inout Parameters) {
        var rows: [(ordinal: Int32, runID: PGUUID, definition: StepDefinition, step: Step)] = []
        for (ordinal, new) in runs.enumerated() {
            let uuid = new.run.id.uuid
            for definition in new.run.definition.steps {
                rows.append((Int32(ordinal + 1), uuid, definition, new.run.steps[definition.index]))
            }
        }
        parameters.int32Array(rows.lazy.map(\.ordinal))
        parameters.uuidArray(rows.lazy.map(\.runID))
        parameters.int16Array(rows.lazy.map { Int16($0.definition.index) })
        parameters.textArray(rows.lazy.map(\.definition.id))
        parameters.textArray(rows.lazy.map(\.step.status.rawValue))
        parameters.boolArray(rows.lazy.map { $0.step.nextAttemptAt != nil })
    }

    private func bindEvents(_ parameters: inout Parameters) {
        var rows: [(ordinal: Int32, runID: PGUUID, sequence: Int32, row: EventRow, traceID: String?)] = []
        for (ordinal, new) in runs.enumerated() {
            let uuid = new.run.id.uuid
            let traceID = new.traceparent.flatMap(Self.traceID)
            for (offset, event) in new.events.enumerated() {
                let row = EventRow(event, of: new.run.definition)
                rows.append((Int32(ordinal + 1), uuid, Int32(offset + 1), row, traceID))
            }
        }
        parameters.int32Array(rows.lazy.map(\.ordinal))
        parameters.uuidArray(rows.lazy.map(\.runID))
        parameters.int32Array(rows.lazy.map(\.sequence))
        parameters.textArray(rows.lazy.map(\.row.kind.rawValue))
        parameters.int16Array(rows.lazy.map { $0.row.stepIndex.map { Int16($0) } })
        parameters.textArray(rows.lazy.map(\.row.stepID))
        parameters.textArray(rows.lazy.map(\.traceID))
        parameters.jsonArray(rows.lazy.map { $0.row.data?.bytes })
    }

    /// The second field of a W3C `traceparent`.
    private static func traceID(_ traceparent: String) -> String? {
        let fields = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        return fields.count >= 4 ? String(fields[1]) : nil
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> [Bool] { try row.boolArray() }
}
