/// The run that a step has started, as its parent knows it.
///
/// A class: a step without one keeps one word for it.
package final class ChildRun: Sendable, Hashable {
    /// What has become of it. The raw values stand in snapshots.
    package enum Phase: String, Sendable, Hashable, CaseIterable {
        /// It is at work, or waits for a person: its end is waited for.
        case live
        /// The same, and it was asked to turn back.
        case cancelling
        /// It COMPLETED: what it did stands.
        case completed
        /// The same, past its pivot: nothing undoes it.
        case final
        /// It was asked to undo what it did, and its end is waited for.
        case undoing
        /// Nothing of it stands, or somebody has seen to it.
        case over
        /// Nobody waits for it.
        case detached
    }

    package let runID: RunID
    /// The workflow's name.
    package let workflow: String
    package let phase: Phase

    package init(runID: RunID, workflow: String, phase: Phase) {
        self.runID = runID
        self.workflow = workflow
        self.phase = phase
    }

    func becoming(_ phase: Phase) -> ChildRun { ChildRun(runID: runID, workflow: workflow, phase: phase) }

    package static func == (one: ChildRun, other: ChildRun) -> Bool {
        one.runID == other.runID && one.workflow == other.workflow && one.phase == other.phase
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(runID)
        hasher.combine(phase)
    }

    /// `{runId, workflow, phase}`, as a snapshot keeps it.
    var json: JSON {
        [
            "runId": .string(runID.description), "workflow": .string(workflow), "phase": .string(phase.rawValue),
        ]
    }

    /// Reads what `json` wrote; nil for nothing, and for what only a newer version knows.
    convenience init?(_ json: JSON?) {
        guard let json, let runID = json["runId"]?.string.flatMap({ RunID($0) }),
            let workflow = json["workflow"]?.string,
            let phase = json["phase"]?.string.flatMap({ Phase(rawValue: $0) })
        else { return nil }
        self.init(runID: runID, workflow: workflow, phase: phase)
    }
}

/// The end of a child, as its parent is told.
package struct ChildEnd: Sendable, Hashable {
    package let runID: RunID
    /// COMPLETED, COMPENSATED or CANCELLED.
    package let status: RunStatus
    /// Of one that COMPLETED, unless it is too large.
    package var output: JSON?
    /// What went wrong; in the parent's history, what its step has failed for.
    package var error: Failure?
    /// It COMPLETED past its pivot: nothing undoes it.
    package let isFinal: Bool
    /// How long an output is that was left out, because it is too large.
    package let outputBytes: Int?

    package init(
        runID: RunID, status: RunStatus, output: JSON? = nil, error: Failure? = nil, isFinal: Bool = false,
        outputBytes: Int? = nil
    ) {
        self.runID = runID
        self.status = status
        self.output = output
        self.error = error
        self.isFinal = isFinal
        self.outputBytes = outputBytes
    }
}

/// Whose child a run is.
package struct ParentLink: Sendable, Hashable {
    package let runID: RunID
    /// The step that started it.
    package let stepID: String
    /// 1 for the child of a run that is nobody's.
    package let depth: Int
    /// The parent neither waits for it nor undoes it.
    package let isDetached: Bool

    package init(runID: RunID, stepID: String, depth: Int, isDetached: Bool) {
        self.runID = runID
        self.stepID = stepID
        self.depth = depth
        self.isDetached = isDetached
    }

    /// `{runId, stepId, depth, detached?}`.
    package var json: JSON {
        var object: JSONObject = [
            "runId": .string(runID.description), "stepId": .string(stepID), "depth": JSON(depth),
        ]
        if isDetached { object["detached"] = true }
        return .object(object)
    }

    /// Reads what `json` wrote.
    package init?(_ json: JSON?) {
        guard let json, let runID = json["runId"]?.string.flatMap({ RunID($0) }), let stepID = json["stepId"]?.string,
            let depth = json["depth"]?.int
        else { return nil }
        self.init(runID: runID, stepID: stepID, depth: depth, isDetached: json["detached"]?.bool ?? false)
    }
}

extension Step {
    /// It waits for its child, on its way forward or back.
    package var awaitsChild: Bool {
        switch child?.phase {
        case .live, .cancelling, .undoing: true
        case .completed, .final, .over, .detached, nil: false
        }
    }

    /// Its child has not ended, and may still do so well.
    package var hasLiveChild: Bool { child?.phase == .live || child?.phase == .cancelling }

    /// What its child did stands.
    var hasChildEffect: Bool {
        switch child?.phase {
        case .completed, .final, .detached, .undoing: !isPlanted(.childUndoForgotten)
        case .live, .cancelling, .over, nil: false
        }
    }
}

extension Run {
    /// Whose child it is; nil when it is nobody's.
    package var parent: ParentLink? { hasMarks ? marks.parent : nil }

    /// It COMPLETED, and its parent may have it undone.
    var canUndoForParent: Bool {
        guard status == .completed, let parent, !parent.isDetached else { return false }
        return !isPastPivot && !isHandedOver
    }

    /// To undo the step is to undo its child.
    package func undoesChild(_ index: Int) -> Bool {
        steps[index].child != nil && stepDefinition(index).undoesChild
    }

    /// Something undoes what the step has done.
    package func isUndoable(_ index: Int) -> Bool {
        stepDefinition(index).compensation != nil || undoesChild(index)
    }
}

extension RunID {
    /// The id of a child. It follows from what its parent decides, so a decision that is stored twice can't start two.
    static func child(of parent: RunID, step: Int, sequence: Int, at now: Instant) -> RunID {
        func hash(_ seed: UInt64) -> UInt64 {
            let place = UInt64(truncatingIfNeeded: step) << 32 | UInt64(UInt32(truncatingIfNeeded: sequence))
            return [parent.high, parent.low, place, UInt64(bitPattern: now.microseconds)].reduce(seed) { hash, part in
                // The finaliser of SplitMix64 (Steele, Lea, Flood 2014): each part changes all bits before the next one comes.
                var mixed = (hash ^ part) &+ 0x9E37_79B9_7F4A_7C15
                mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                return mixed ^ (mixed >> 31)
            }
        }
        let random = (hash(0x243F_6A88_85A3_08D3), hash(0x1319_8A2E_0370_7344))
        return .v7(milliseconds: UInt64(max(0, now.microseconds) / 1000), random: random)
    }
}
