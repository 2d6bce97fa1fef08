import Core
import Simulation

/// Runs that are done anew.
extension Audit {
    /// What a run may take over that does this one anew from some step on.
    func inheritable(from step: Int) -> Set<Int> {
        var again = workflow.descendants[step].union([step])
        for other in 0..<workflow.count where !succeeded.contains(other) && !skipped.contains(other) {
            again.formUnion(workflow.descendants[other].union([other]))
        }
        return Set(0..<workflow.count).subtracting(again)
    }

    mutating func keep(_ kept: KeptStep) {
        let isReady =
            kept.step < workflow.count
            ? workflow.dependencies[kept.step].allSatisfy { succeeded.contains($0) || skipped.contains($0) }
            : isElementReady(kept.step)
        require(inherited.contains(kept.step) && isReady, 23, "step \(kept.step) is taken over")
        succeeded.insert(kept.step)
        if kept.effectOf != nil { mayHaveEffect.insert(kept.step) }
    }
}
