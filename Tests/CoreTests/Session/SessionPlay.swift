@testable import Core
import Simulation
import Testing

/// A session told what came of its tasks; each task as a word:
///
/// `inbox`, `recount`, `think`; `[a=succeeded b#1]keep` a commit with its events as `Play` writes them, and what becomes of the
/// lease (`keep`, `rest+100ms`, `over`), with `(7)` before it for the inbox rows it consumes; `calls(a#1 wake+9000ms)`; `end:settled`.
struct SessionPlay {
    private let play: Play
    var session: RunSession
    private(set) var now: Instant
    private var random = SeededGenerator(seed: 1)
    var effort = Effort.full
    var isHeld = true
    private(set) var commit: SessionCommit?

    init(_ play: Play, inboxCount: Int = 0, beganDueSteps: Bool = false) {
        self.play = play
        now = play.now
        session = RunSession(
            play.run, lease: Lease(runID: play.run.id, epoch: 3), inboxCount: inboxCount, beganDueSteps: beganDueSteps)
    }

    /// The session's next task.
    mutating func next() -> String {
        var effort = effort
        let isHeld = isHeld
        let task = session.next(now: now, isHeld: { isHeld }, using: &random, effort: &effort)
        if case .commit(let commit) = task { self.commit = commit }
        return word(task)
    }

    mutating func stored(_ verdict: CommitVerdict) -> String {
        session.stored(verdict)
        return next()
    }

    mutating func written(unread: Int = 0) -> String { stored(.written(unread: unread, at: now)) }

    mutating func read(_ requests: InboxRequest.Kind?...) -> String {
        session.inboxRead(
            requests.enumerated().map { number, kind in
                InboxRow(inboxID: Int64(number + 1), request: kind.map { InboxRequest($0, sentBy: "ann") })
            })
        return next()
    }

    mutating func received(_ messages: SessionMessage...) -> String {
        session.received(messages)
        return next()
    }

    mutating func recounted(_ excess: Int) -> String {
        session.inboxRecounted(excess: excess)
        return next()
    }

    mutating func pass(_ duration: Duration) { now += duration }

    private func word(_ task: SessionTask) -> String {
        switch task {
        case .readInbox: return "inbox"
        case .recountInbox: return "recount"
        case .think: return "think"
        case .execute(let commands): return "calls(\(commands.map(word).joined(separator: " ")))"
        case .end(let end):
            switch end {
            case .settled: return "end:settled"
            case .leaseLost: return "end:lost"
            case .giveBack: return "end:given back"
            case .setAside: return "end:set aside"
            case .leaveToOthers: return "end:left to others"
            }
        case .commit(let commit):
            let consumed =
                commit.consumedInbox.isEmpty
                ? "" : "(\(commit.consumedInbox.map(\.description).joined(separator: ",")))"
            let events = "[\(commit.events.map(play.word).joined(separator: " "))]"
            switch commit.afterwards {
            case .keep: return "\(consumed)\(events)keep"
            case .giveBack(let delay): return "\(consumed)\(events)rest+\(delay.microseconds / 1000)ms"
            case .end: return "\(consumed)\(events)over"
            }
        }
    }

    private func word(_ command: Command) -> String {
        switch command {
        case .call(let call):
            let id = play.run.stepID(call.step)
            return "\(call.action == .compensate ? "-" : "")\(id)#\(call.attempt)"
        case .look(let look): return "look(\(play.run.stepID(look.call.step)))"
        case .wake(let at): return "wake+\((at - now).microseconds / 1000)ms"
        }
    }
}

extension SessionMessage {
    /// The answer to a step's forward call.
    static func answer(_ step: Int, _ outcome: Outcome, attempt: Int = 1, _ action: CallAction = .execute)
        -> SessionMessage
    {
        let result =
            outcome == .succeeded
            ? CallResult(outcome: .succeeded, httpStatus: 200, output: ["n": 1]) : CallResult(outcome: outcome)
        return .answered(step: step, action: action, attempt: attempt, result)
    }
}
