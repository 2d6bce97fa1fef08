/// SQL for what `admin_actions` says of a request to a run.
enum AuditSQL {
    /// The request, without the output that a person gave: that is a payload, and stands in the history.
    ///
    /// - Parameters:
    ///   - kind: the request's name.
    ///   - payload: of the request, json.
    static func detail(_ kind: String, _ payload: String) -> String {
        """
        CASE WHEN \(kind) = 'settle' AND \(payload)::json->'output' IS NOT NULL
            THEN jsonb_set(\(payload)::jsonb, '{output}', jsonb_build_object('bytes', octet_length((\(payload)::json->'output')::text)))::json
            ELSE \(payload) END
        """
    }
}
