// The audit trail: who changed what, and who was refused. Nobody inserts a change by itself: each statement that makes one writes
// its row along, so that there is no change without its row and no row without its change. Number, time and hashes are given by
// the table's trigger, which locks the head of the tenant's chain (migrations/001_sagas.up.sql).

import Core
import Postgres

/// What was done, as `audit_trail` names it. The row is written by the statement that makes the change.
package enum AuditAction: String, Sendable, Hashable, CaseIterable {
    case registerWorkflow = "register_workflow"
    case deprecateWorkflow = "deprecate_workflow"
    case restoreWorkflow = "restore_workflow"
    case pauseWorkflow = "pause_workflow"
    case resumeWorkflow = "resume_workflow"
    case putParticipant = "put_participant"
    case deleteParticipant = "delete_participant"
    case pauseParticipant = "pause_participant"
    case resumeParticipant = "resume_participant"
    case cancelRun = "cancel_run"
    case signalRun = "signal_run"
    case retryRun = "retry_run"
    case resolveStep = "resolve_step"
    case settleStep = "settle_step"
    case pauseRun = "pause_run"
    case resumeRun = "resume_run"
    case undoRun = "undo_run"
    case restartRun = "restart_run"
    case createKey = "create_key"
    case revokeKey = "revoke_key"
    case putTenant = "put_tenant"
    case rotateSecrets = "rotate_secrets"
}

/// From where a change was asked for, beside by whom.
package struct CallOrigin: Sendable, Hashable {
    /// The address of whoever is connected to the API: a client's, or a proxy's.
    package let address: String?
    package let requestID: String?
    /// 32 hexadecimal digits.
    package let traceID: String?

    package init(address: String?, requestID: String?, traceID: String?) {
        self.address = address
        self.requestID = requestID
        self.traceID = traceID
    }

    /// Nobody knows.
    package static let unknown = CallOrigin(address: nil, requestID: nil, traceID: nil)
}

extension Parameters {
    /// A parameter as `AuditSQL.insert` takes it.
    mutating func origin(_ origin: CallOrigin) {
        textArray([origin.address ?? "", origin.requestID ?? "", origin.traceID ?? ""])
    }
}

/// SQL of the row that a change writes along.
enum AuditSQL {
    /// How the tenant of what belongs to all is written.
    static let everybodys = "'\(TenantScope.allName)'"

    /// Whose a run is.
    static func tenant(ofRun runID: String) -> String {
        "(SELECT tenant_id FROM workflow_runs WHERE workflow_runs.run_id = \(runID))"
    }

    /// A data-modifying part of a statement. All arguments are SQL.
    ///
    /// The rows come in the order of their tenants: each locks the head of its tenant's chain. As they are sorted, all that the
    /// statement locks besides is locked before.
    ///
    /// - Parameters:
    ///   - by: who.
    ///   - origin: the parameter with the `CallOrigin`.
    ///   - from: a row for each change that was made, and perhaps a condition.
    static func insert(
        tenant: String, by: String, origin: String, action: String, subject: String, detail: String = "'{}'::json",
        from: String
    ) -> String {
        """
        INSERT INTO audit_trail (tenant_id, actor, action, subject, detail, client_address, request_id, trace_id)
        SELECT \(tenant) AS tenant, \(by), \(action), \(subject), \(detail), nullif((\(origin)::text[])[1], ''),
            nullif((\(origin)::text[])[2], ''), nullif((\(origin)::text[])[3], '')
        FROM \(from) ORDER BY tenant
        """
    }
}

extension InboxRequest {
    /// What the audit says of it: all but payloads, which may be anybody's secrets and are in the run's history.
    var auditDetail: JSON {
        switch kind {
        case .cancel, .retry, .resolve, .pause, .resume, .undo: return payload
        case .settle(let stepID, let settlement, _, let reason):
            return ["stepId": .string(stepID), "as": .string(settlement.rawValue), "reason": .string(reason)]
        case .signal(let name, _, _): return ["name": .string(name)]
        case .callback, .heartbeat, .childEnded: return [:]
        }
    }
}
