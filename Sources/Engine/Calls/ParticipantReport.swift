import Core

/// What an engine tells in its heartbeats of the participants that are not as they should be: by name, for people.
enum ParticipantReport {
    /// Shared participants told of at most, the worst first: a heartbeat is written every two seconds.
    static let maxParticipants = 32
    /// The same of tenants' own, and of each tenant's: nobody's take another's places.
    static let (maxOwn, maxOfTenant) = (64, 8)
    /// Bytes of an error's text at most.
    static let maxErrorBytes = 200

    /// Of shared participants `{NAME: {breaker, failures, openMs?, lastError?, lastErrorAgeMs?, waiting, queued, paused?, held?,
    /// lacks?}}`, and of tenants' own `{TENANT: {NAME: the same}}`.
    ///
    /// - Parameters:
    ///   - queued: calls that wait for their turn, because of `maxConcurrent` or `rate`.
    ///   - paused: participants that are paused.
    ///   - held: calls that wait for the end of a pause.
    ///   - lacks: why participants can't be called from here, in a sentence.
    static func json(
        _ readings: [ParticipantID: BreakerGate.Reading], queued: [ParticipantID: Int],
        paused: Set<ParticipantID> = [], held: [ParticipantID: Int] = [:], lacks: [ParticipantID: String] = [:]
    ) -> (shared: JSON, own: JSON) {
        let quiet = BreakerGate.Reading(state: .closed, waiting: 0)
        let worstFirst = Set(readings.keys).union(queued.keys).union(paused).union(lacks.keys).sorted {
            let (first, second) = (readings[$0] ?? quiet, readings[$1] ?? quiet)
            return (-first.state.rawValue, -first.failures, $0) < (-second.state.rawValue, -second.failures, $1)
        }
        var (shared, own, count) = (JSONObject(), [String: JSONObject](), 0)
        for participant in worstFirst {
            let tenantID = participant.owner.tenantID
            guard
                tenantID.map({ count < maxOwn && own[$0]?.count ?? 0 < maxOfTenant })
                    ?? (shared.count < maxParticipants)
            else { continue }
            var told = object(readings[participant] ?? quiet, queued: queued[participant] ?? 0)
            if paused.contains(participant) {
                told["paused"] = true
                told["held"] = JSON(held[participant] ?? 0)
            }
            if let lack = lacks[participant] {
                told["lacks"] = .string(String(decoding: lack.utf8.prefix(maxErrorBytes), as: UTF8.self))
            }
            if let tenantID {
                own[tenantID, default: JSONObject()][participant.name] = .object(told)
                count += 1
            } else {
                shared[participant.name] = .object(told)
            }
        }
        let byTenant = own.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSON.object($0.value)) }
        return (.object(shared), .object(JSONObject(byTenant)))
    }

    private static func object(_ reading: BreakerGate.Reading, queued: Int) -> JSONObject {
        var object: JSONObject = [
            "breaker": .string(name(of: reading.state)), "failures": JSON(reading.failures),
        ]
        if let opensFor = reading.opensFor { object["openMs"] = JSON(Int(opensFor / .milliseconds(1))) }
        if let error = reading.lastError {
            object["lastError"] = .string(String(decoding: error.utf8.prefix(maxErrorBytes), as: UTF8.self))
        }
        if let age = reading.lastErrorAge { object["lastErrorAgeMs"] = JSON(Int(age / .milliseconds(1))) }
        object["waiting"] = JSON(reading.waiting)
        object["queued"] = JSON(queued)
        return object
    }

    private static func name(of state: BreakerState) -> String {
        switch state {
        case .closed: "closed"
        case .halfOpen: "halfOpen"
        case .open: "open"
        }
    }
}
