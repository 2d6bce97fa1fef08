import Core
import Storage

/// A definition that is valid, as it would be registered, with what a person might have overlooked.
struct DefinitionReview {
    /// What is registered under its name and version; nil when nothing is.
    let registered: DefinitionStore.Registration?
    let definition: WorkflowDefinition
    let warnings: [Problem.Place]

    /// - Parameter participants: the names of those that are registered.
    init(
        _ definition: WorkflowDefinition, registered: DefinitionStore.Registration?, participants: Set<String>
    ) {
        self.definition = definition
        self.registered = registered
        var warnings: [Problem.Place] = []
        if registered == .conflict {
            warnings.append(
                .init(
                    pointer: JSONPointer(["version"]),
                    detail: "This version is registered with other content: registering this would be refused."))
        }
        if !definition.version.isRelease {
            warnings.append(
                .init(
                    pointer: JSONPointer(["version"]),
                    detail: "This is a prerelease: only a start that names it takes it."))
        }
        for step in definition.steps {
            let place = JSONPointer(["steps", String(step.index)])
            if step.compensation == nil {
                warnings.append(
                    .init(
                        pointer: place,
                        detail: "This step has no compensation: what it did stays when the run is undone."))
            }
            for (member, call) in [("action", step.call(of: .execute)), ("compensation", step.compensation)] {
                guard let call, !participants.contains(call.participant) else { continue }
                warnings.append(
                    .init(
                        pointer: place.appending(member).appending("participant"),
                        detail: "No participant of this name is registered: calls to it are not sent."))
            }
        }
        self.warnings = warnings
    }

    /// `{valid, name, version, steps, participants, registered, warnings: [{pointer, detail}]}`.
    var json: JSON {
        let calls = definition.steps.flatMap { [$0.action.call, $0.compensation].compactMap { $0 } }
        return [
            "valid": true, "name": .string(definition.name), "version": .string(definition.version.description),
            "steps": .array(definition.steps.map { .string($0.id) }),
            "participants": .array(Set(calls.map(\.participant)).sorted().map { .string($0) }),
            "registered": .bool(registered == .identical),
            "warnings": .array(
                warnings.map { ["pointer": .string($0.pointer.description), "detail": .string($0.detail)] }),
        ]
    }
}
