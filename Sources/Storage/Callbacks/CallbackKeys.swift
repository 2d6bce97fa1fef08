package import Core
package import Postgres

/// The digests of the last hundred callbacks that told the end of an action.
package struct FindCallbacks: Statement {
    package let runID: RunID
    package let stepID: String
    package let action: CallAction

    package init(runID: RunID, stepID: String, action: CallAction) {
        self.runID = runID
        self.stepID = stepID
        self.action = action
    }

    package typealias Row = String

    package static let sql = """
        SELECT e.event->'data'->>'digest'
        FROM run_journal j CROSS JOIN LATERAL json_array_elements(j.events) AS e (event)
        WHERE j.run_id = $1 AND e.event->>'kind' = 'callback_received' AND e.event->>'stepId' = $2
            AND e.event->>'action' = $3 AND e.event->'data'->>'digest' IS NOT NULL
        ORDER BY j.seq DESC LIMIT 100
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.text(stepID)
        parameters.text(action.rawValue)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}

/// The keys that callback URLs are signed with, oldest first.
package struct ListCallbackKeys: Statement {
    package init() {}

    package typealias Row = CallbackKey

    package static let sql = "SELECT key_id, secret FROM callback_keys ORDER BY key_id"

    package func bind(_ parameters: inout Parameters) {}

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> CallbackKey {
        CallbackKey(number: try row.int32(), secret: try row.bytes())
    }
}
