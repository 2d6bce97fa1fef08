import Core

/// The participants of one run: one effect per step, idempotent, with the barrier.
struct ModelParticipant {
    /// A request that may still arrive.
    struct Request: Hashable {
        let step: Int
        let action: CallAction
    }

    /// Net effect per step.
    private(set) var net: [Int]
    /// Times the effect was made, and undone.
    private(set) var effects: [Int]
    private(set) var undos: [Int]
    /// Compensations are done for these steps, so their actions are refused from now on.
    private var barrier: Set<Int> = []
    /// Compensations of actions never seen, and actions refused because they came after their compensation.
    private(set) var nullCompensations = 0
    private(set) var refusedLate = 0

    init(steps: Int) {
        net = Array(repeating: 0, count: steps)
        effects = net
        undos = net
    }

    /// What another run is asked for is nobody's yet, but for what that has taken over.
    ///
    /// - Parameter numbers: of the other run, by those of this one.
    mutating func hand(over numbers: [Int: Int]) {
        let before = self
        (net, effects, undos) = (net.map { _ in 0 }, net.map { _ in 0 }, net.map { _ in 0 })
        barrier = []
        for (old, new) in numbers {
            (net[new], effects[new], undos[new]) = (before.net[old], before.effects[old], before.undos[old])
            if before.barrier.contains(old) { barrier.insert(new) }
        }
    }

    /// It was processed.
    func has(_ request: Request) -> Bool {
        request.action == .execute ? effects[request.step] == 1 : barrier.contains(request.step)
    }

    /// Processes a request as a participant should; false when it is refused.
    mutating func receive(_ request: Request) -> Bool {
        switch request.action {
        case .execute:
            if barrier.contains(request.step) {
                refusedLate += 1
                return false
            }
            if effects[request.step] == 0 {
                effects[request.step] = 1
                net[request.step] += 1
            }
        case .compensate:
            if barrier.insert(request.step).inserted {
                if effects[request.step] == 1 {
                    undos[request.step] = 1
                    net[request.step] -= 1
                } else {
                    nullCompensations += 1
                }
            }
        }
        return true
    }
}
