/// The right to change one run: held by the engine whose epoch the outbox row carries.
package struct Lease: Hashable, Sendable {
    /// The run.
    package let runID: RunID
    /// The fencing token: one more with every claim.
    package let epoch: Int64

    package init(runID: RunID, epoch: Int64) {
        self.runID = runID
        self.epoch = epoch
    }
}
