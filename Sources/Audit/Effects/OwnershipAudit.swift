package import Core

/// Judges runs that do others anew, together: invariant 23. Whatever one run takes over, the other hands over, and each effect
/// is one run's.
package struct OwnershipAudit: Sendable {
    /// What a history tells of it.
    package struct Note: Sendable {
        let runID: RunID
        var restartedFrom: RunID?
        var kept: Set<String> = []
        var restartedAs: RunID?
        var handedOver: Set<String> = []
        /// Effects of other runs' calls that were taken over.
        var effects: Set<Effect> = []

        /// Nil for a run that has nothing to do with others, as nearly all.
        ///
        /// - Parameter until: what happened later is left out: the other run may have been read before that.
        package init?(_ runID: RunID, _ events: [StoredEvent], until: Instant? = nil) {
            self.runID = runID
            for event in events {
                if let until, event.at >= until { break }
                let data = event.row.data
                let other = data?["runId"]?.string.flatMap { RunID($0) }
                switch event.row.kind {
                case .restartedFrom: restartedFrom = other
                case .stepKept:
                    let step = event.row.stepID ?? ""
                    kept.insert(step)
                    if let run = data?["effectOf"]?.string.flatMap({ RunID($0) }) {
                        effects.insert(Effect(run: run, step: step))
                    }
                case .restartedAs:
                    restartedAs = other
                    handedOver.formUnion((data?["steps"]?.array ?? []).compactMap(\.string))
                default: break
                }
            }
            if restartedFrom == nil, restartedAs == nil { return nil }
        }
    }

    struct Effect: Hashable, Sendable {
        let run: RunID
        let step: String
    }

    /// - Parameter isMissing: whether a run can't be read any more.
    package static func violations(_ notes: [Note], isMissing: (RunID) -> Bool) -> [Violation] {
        var violations: [Violation] = []
        let byRun = Dictionary(notes.map { ($0.runID, $0) }) { first, _ in first }
        var owners: [Effect: RunID] = [:]
        for note in notes {
            if let old = note.restartedFrom, !isMissing(old) {
                let handing = byRun[old]
                if handing?.restartedAs != note.runID {
                    violations.append(Violation(23, note.runID, "it does \(old) anew, which does not know it"))
                } else if let handedOver = handing?.handedOver, handedOver != note.kept {
                    violations.append(
                        Violation(
                            23, note.runID,
                            "it has taken over \(note.kept.sorted()), handed over were \(handedOver.sorted())"))
                }
            }
            if let new = note.restartedAs, byRun[new]?.restartedFrom != note.runID, !isMissing(new) {
                violations.append(Violation(23, note.runID, "it is done anew by \(new), which does not know it"))
            }
            for effect in note.effects where !note.handedOver.contains(effect.step) {
                if let other = owners.updateValue(note.runID, forKey: effect) {
                    violations.append(
                        Violation(
                            23, note.runID, "the effect of \(effect.step) of \(effect.run) is its, and that of \(other)"
                        ))
                }
            }
        }
        return violations
    }
}

extension LedgerEntry {
    /// What the ledgers tell of a run: its own calls, but for those with which another run undid what it had taken over, and of what
    /// it has taken over itself the effects and its own undoing.
    ///
    /// - Parameters:
    ///   - ledger: what is written down under a run.
    package static func entries(
        of runID: RunID, _ events: [StoredEvent], in ledger: (RunID) -> [LedgerEntry]
    ) -> [LedgerEntry] {
        var entries = ledger(runID)
        var handedOver: Set<String> = []
        for event in events {
            let data = event.row.data
            if event.row.kind == .stepKept, let run = data?["effectOf"]?.string.flatMap({ RunID($0) }) {
                entries += ledger(run).filter {
                    $0.stepID == event.row.stepID && !($0.kind == .received && $0.action == .execute)
                }
            } else if event.row.kind == .restartedAs {
                handedOver.formUnion((data?["steps"]?.array ?? []).compactMap(\.string))
            }
        }
        if handedOver.isEmpty { return entries }
        return entries.filter { $0.action == .execute || !handedOver.contains($0.stepID) }
    }
}
