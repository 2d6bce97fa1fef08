import Core
import Logging
import Storage
import Telemetry

/// Reads claimed runs, and sets aside those that can't be processed: they become FAILED with a reason, stay visible, and
/// never stop an engine.
struct Quarantine: Sendable {
    let engine: EngineID
    let definitions: DefinitionStore
    let leases: LeaseStore
    let metrics: EngineMetrics
    let logger: Logger

    /// For so long a run that is not understood is nobody's: others may be as old as this engine.
    private static let othersTurn: Duration = .seconds(5)

    /// The run behind a claim; nil when it was set aside or given back.
    func openOrSetAside(_ claimed: ClaimedRun) async -> Run? {
        if claimed.failures >= Suspicion.isCertain {
            await setAside(
                claimed,
                reason: "\(claimed.failures) engines in a row were lost while they held this run, the last "
                    + "\(Suspicion.isCertain - Suspicion.begins - 1) of them while they held nothing else.")
            return nil
        }
        do {
            let definition = try await definitions.definition(ofRun: claimed.definitionID)
            return try claimed.run(of: definition)
        } catch let problem as DefinitionProblem {
            if case .store = problem {
                logger.warning("a definition can't be read now", metadata: ["error": "\(problem)"])
                await giveBack(claimed.lease)
            } else {
                await setAside(claimed, reason: "\(problem)")
            }
        } catch let problem as UnreadableRun where problem.mayBeNewer {
            await leaveToOthers(claimed, "\(problem)")
        } catch {
            await setAside(claimed, reason: "It can't be read: \(error)")
        }
        return nil
    }

    /// Ends a run as FAILED, for a person to look at.
    func setAside(_ claimed: ClaimedRun, reason: String) async {
        let lease = claimed.lease
        let failure = Failure(kind: Failure.quarantinedKind, message: reason)
        do {
            guard try await leases.quarantine(lease, failure) else { return metrics.leasesLost.add() }
            metrics.countQuarantine(of: claimed, tenantID: await leases.owner(of: lease.runID)?.tenantID)
            logger.error(
                "a run was quarantined and needs a person",
                metadata: [
                    "runId": "\(lease.runID)", "workflowName": "\(claimed.workflowName)", "reason": "\(reason)",
                ])
        } catch {
            logger.error(
                "a run can't be quarantined now", metadata: ["runId": "\(lease.runID)", "error": "\(error)"])
        }
    }

    /// Leaves a run as it is, for an engine of a newer version: in a while anybody may claim it again.
    func leaveToOthers(_ claimed: ClaimedRun, _ reason: String) async {
        metrics.notUnderstood.add()
        logger.warning(
            "a run is not understood and left to engines of a newer version",
            metadata: [
                "runId": "\(claimed.lease.runID)", "workflowName": "\(claimed.workflowName)", "reason": "\(reason)",
                "engine": "\(engine)",
            ])
        await giveBack(claimed.lease, after: Self.othersTurn)
    }

    /// Lets another claim have the run, in a second if nothing else is said. If the database is away the lease runs out by
    /// itself.
    func giveBack(_ lease: Lease, after delay: Duration = .seconds(1)) async {
        do { try await leases.release([lease], after: delay) } catch {
            logger.info("a lease is left to run out", metadata: ["runId": "\(lease.runID)", "error": "\(error)"])
        }
    }
}
