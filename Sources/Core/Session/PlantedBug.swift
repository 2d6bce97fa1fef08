/// Faults that the simulator plants, to show that it would find them. None is in a release build, and none is ever planted
/// by a program.
package enum PlantedBug: UInt8, CaseIterable, Sendable {
    /// A stale epoch is no reason to refuse a commit.
    case noFenceOnEpoch = 1
    /// Only steps that succeeded are undone, not those that may have had an effect.
    case onlySucceededIsUndone
    /// Each attempt has an idempotency key of its own.
    case keyForEachAttempt
    /// Effects are undone while a forward call is still in flight.
    case undoneBesideForwardCall
    /// Steps that wait begin although the run has left the forward path.
    case drainingRunBegins
    /// Inbox rows that came together with an answer are consumed without effect.
    case inboxConsumedWithoutEffect
    /// After a lost acknowledgement a commit is appended once more.
    case lostAcknowledgementCommittedTwice
    /// A takeover does not look for calls in flight.
    case takeoverForgetsCall
    /// A step is undone although steps that depend on it are not.
    case dependentsUndoneLast
    /// A deadline that passes while a call is in flight wakes nobody.
    case deadlineIgnoredInFlight
    /// Every attempt is the first.
    case attemptsRestart
    /// A run is given back although a call of it is in flight.
    case givenBackWithCallInFlight
    /// A step begins as soon as one of its dependencies is done.
    case joinAtFirstBranch
    /// An answer is decided before the cancel that came with it.
    case cancelOvertaken
    /// An attempt without a usable answer counts as without effect.
    case unknownHasNoEffect
    /// A step that was undone by hand is undone once more.
    case resolvedUndoneAgain
    /// What came into the inbox while a run was given back wakes nobody.
    case wakeUpLost
    /// A run may end although its inbox has unread rows.
    case endsPastInbox
    /// Whoever has lost its lease goes on.
    case lostLeaseIgnored
    /// A compensation that gave up counts as done.
    case failedUndoingIsDone
    /// Calls are made before the commit of their intent.
    case callBeforeCommit
    /// A takeover finds the calls in flight, and repeats none.
    case lostCallHasNoEffect
    /// A step that gives up past the pivot turns the run back.
    case pivotForgotten
    /// The deadline ends what can't turn back.
    case deadlineEndsPastPivot
    /// A cancel is accepted when there is no way back.
    case cancelledPastPivot
    /// A step that was refused past the pivot is not marked as waiting for a person.
    case stuckStepForgotten
    /// A paused run goes on forward.
    case pausedRunBegins
    /// A paused run goes on undoing.
    case pausedUndoingGoesOn
    /// The calls after an end are forgotten.
    case endCallsForgotten
    /// Calls after an end hear of the run as it was before.
    case endCallsTellBefore
    /// A run that is to begin later begins when somebody looks at it.
    case delayedRunBegins
    /// What was tried and then completed by hand is not undone.
    case completedByHandStays
    /// A person may end a step whose call is in flight.
    case settledInFlight
    /// Of a run that is undone after its end the first step is forgotten.
    case undoForgetsStep
    /// Past the pivot attempts are counted as ever.
    case attemptsEndPastPivot
    /// A signal that came before its step is not looked at.
    case earlySignalMissed
    /// A signal stays there for the next step.
    case signalTakenTwice
    /// The same signal again is another one.
    case signalKeyIgnored
    /// A step takes any signal of the name.
    case signalConditionIgnored
    /// A paused run takes signals.
    case pausedRunTakesSignal
    /// What was accepted has no end of its own.
    case acceptedForEver
    /// A callback that comes before its call is over is forgotten.
    case earlyCallbackForgotten
    /// A takeover loses what was accepted.
    case acceptedLost
    /// What was accepted is not undone.
    case acceptedHasNoEffect
    /// Elements begin although one has given up.
    case elementsBeginAfterFailure
    /// More elements are at work than their step allows.
    case parallelismIgnored
    /// Elements that were done one after the other are undone in any order.
    case elementsUndoneInAnyOrder
    /// A list is done when its last element is.
    case listEndsWithItsLast
    /// Only the first elements of a list are undone.
    case elementsForgotten
    /// Where to look for the end of what was accepted is forgotten.
    case pollForgotten
    /// A look that found the participant at work counts as its success.
    case workTakenForDone
    /// A look that failed counts as a definite no.
    case failedLookEnds
    /// What was accepted is given up before the last look at it was made.
    case overdueBeforeLook
    /// What was undone is taken over as if it stood.
    case undoneIsKept
    /// What was taken over from another run is not undone.
    case keptEffectForgotten
    /// It is undone under a key of the run that has taken it over.
    case keptUndoneAsOwn
    /// A run is undone although another one has taken over what it did.
    case restartedIsUndone
    /// A run is done anew twice.
    case restartedTwice
    /// A child is started although its parent's commit is not written.
    case childBesideCommit
    /// A child that has ended does not tell its parent.
    case childEndLost
    /// A run that turns back leaves its live children alone.
    case childCancelForgotten
    /// A child that COMPLETED is not undone with its parent.
    case childUndoForgotten
    /// A child that is to be undone is not told.
    case childUndoLost
}

#if DEBUG
import Synchronization

private let planted = Atomic<UInt8>(0)

/// Plants a fault for everything in this process; nil takes it away.
package func plant(_ bug: PlantedBug?) { planted.store(bug?.rawValue ?? 0, ordering: .relaxed) }

/// Whether the simulator has planted this fault.
@inline(__always)
package func isPlanted(_ bug: PlantedBug) -> Bool { planted.load(ordering: .relaxed) == bug.rawValue }
#else
/// Never, in a release build.
@inline(__always)
package func isPlanted(_ bug: PlantedBug) -> Bool { false }
#endif
