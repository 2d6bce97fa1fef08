import Core
import Participants
import Storage

/// A definition that is valid, as it would be registered, with what its author may not have meant.
struct DefinitionReview {
    /// What is registered under its name and version; nil when nothing is.
    let registered: DefinitionStore.Registration?
    let definition: WorkflowDefinition
    let findings: [Finding]

    /// - Parameters:
    ///   - hidesShared: it is the first of its name that its owner registers, and there are shared ones.
    ///   - participants: those that are registered.
    ///   - rules: where they may be. Engines are told the same; a name is not looked up here.
    init(
        _ definition: WorkflowDefinition, registered: DefinitionStore.Registration?, hidesShared: Bool,
        participants: [StoredParticipant], rules: AddressRules
    ) {
        self.definition = definition
        self.registered = registered
        var findings: [Finding] = []
        if registered == .conflict {
            findings.append(
                Finding(
                    "version-taken", .warning, at: JSONPointer(["version"]),
                    "This version is registered with other content: registering this would be refused."))
        }
        if hidesShared, let own = definition.owner.tenantID {
            findings.append(
                Finding(
                    "hides-shared", .note, at: JSONPointer(["name"]),
                    "There is a \(definition.name) that all tenants share. From now on \(own) starts its own versions alone."
                ))
        }
        let breakers = participants.map { ($0.name, $0.breaker) }
        // Where a participant is, which the rule would tell, is nothing for a tenant.
        let tells = definition.owner == .shared
        let refusals = participants.compactMap { participant in
            (try? BaseURL(parsing: participant.url)).flatMap { rules.violation(ofHost: $0.origin.host) }
                .map { (participant.name, tells ? $0 : "engines may not call where it is.") }
        }
        findings += definition.findings(
            KnownParticipants(Dictionary(breakers) { $1 }, refusals: Dictionary(refusals) { $1 }))
        self.findings = findings
    }

    /// - Throws: what refuses it: its errors, and where it is strict its warnings.
    func refuse(isStrict: Bool) throws(DefinitionErrors) {
        let warnings = findings.filter { $0.severity == .error || (isStrict && $0.severity == .warning) }
        if warnings.isEmpty { return }
        throw DefinitionErrors(warnings.map { DefinitionError($0.pointer, $0.detail) })
    }

    /// `{valid, name, tenant, version, steps, participants, registered, findings: [{rule, severity, pointer, detail}]}`.
    var json: JSON {
        let calls = (definition.steps + (definition.onEnd?.steps ?? [])).flatMap {
            [$0.action.call, $0.compensation].compactMap { $0 }
        }
        return [
            "valid": true, "name": .string(definition.name), "tenant": .string(definition.owner.name),
            "version": .string(definition.version.description),
            "steps": .array(definition.steps.map { .string($0.id) }),
            "participants": .array(Set(calls.flatMap(\.participant.names)).sorted().map { .string($0) }),
            "registered": .bool(registered == .identical), "findings": .array(findings.map(\.json)),
        ]
    }
}
