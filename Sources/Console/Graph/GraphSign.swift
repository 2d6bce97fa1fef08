/// How something stands, as one sees it: each with a shape, an icon and a word of its own, so that nothing depends on
/// a colour.
///
/// The raw values are classes in `graph.css`, which gives them their colours.
package enum GraphSign: String, Sendable, Hashable, CaseIterable {
    // The forward graph.
    case pending, executing, accepted, waiting, retrying, person, succeeded, kept, failed, gaveUp = "gave-up", skipped
    // The undo lane.
    case planned, ready, unused, due, undoing, undone, stuck, closed
    case noUndo = "no-undo"
    case stays
    case nothing

    /// What is said of it.
    package var word: String {
        switch self {
        case .pending: "pending"
        case .executing: "executing"
        case .accepted: "accepted"
        case .waiting: "waiting"
        case .retrying: "retrying"
        case .person: "needs a person"
        case .succeeded: "succeeded"
        case .kept: "taken over"
        case .failed: "failed"
        case .gaveUp: "failed, went on"
        case .skipped: "skipped"
        case .planned: "undo"
        case .ready: "would be undone"
        case .unused: "nothing to undo"
        case .due: "to be undone"
        case .undoing: "undoing"
        case .undone: "undone"
        case .stuck: "undo failed"
        case .closed: "no way back"
        case .noUndo: "needs no undo"
        case .stays: "no undo"
        case .nothing: "nothing to undo"
        }
    }

    /// Shape and icon in a square of 20 by 20.
    var icon: GraphIcon {
        switch self {
        case .pending: GraphIcon(.ring, .none)
        case .executing: GraphIcon(.disc, .play)
        case .accepted: GraphIcon(.disc, .dots)
        case .waiting: GraphIcon(.square, .hourglass)
        case .retrying: GraphIcon(.square, .again)
        case .person: GraphIcon(.triangle, .exclamation)
        case .succeeded: GraphIcon(.disc, .check)
        case .kept: GraphIcon(.disc, .link)
        case .failed: GraphIcon(.octagon, .cross)
        case .gaveUp: GraphIcon(.octagon, .on)
        case .skipped: GraphIcon(.dashed, .skip)
        case .planned: GraphIcon(.ring, .back)
        case .ready: GraphIcon(.ring, .back)
        case .unused: GraphIcon(.dashed, .dash)
        case .due: GraphIcon(.square, .back)
        case .undoing: GraphIcon(.disc, .backwards)
        case .undone: GraphIcon(.disc, .back)
        case .stuck: GraphIcon(.octagon, .exclamation)
        case .closed: GraphIcon(.square, .lock)
        case .noUndo: GraphIcon(.dashed, .dash)
        case .stays: GraphIcon(.dashed, .exclamation)
        case .nothing: GraphIcon(.dashed, .none)
        }
    }

    /// In the undo lane: there is no call behind it, so it is drawn hollow.
    var isHollow: Bool {
        switch self {
        case .noUndo, .stays, .nothing, .unused, .closed: true
        case .pending, .executing, .accepted, .waiting, .retrying, .person, .succeeded, .kept, .failed, .gaveUp,
            .skipped,
            .planned, .ready, .due, .undoing, .undone, .stuck:
            false
        }
    }
}
