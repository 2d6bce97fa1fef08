import Core

/// What an engine tells in its heartbeats of the participants that are not as they should be: by name, for people.
enum ParticipantReport {
    /// Participants told of at most, the worst first: a heartbeat is written every two seconds.
    static let maxParticipants = 32
    /// Bytes of an error's text at most.
    static let maxErrorBytes = 200

    /// `{NAME: {breaker, failures, openMs?, lastError?, lastErrorAgeMs?, waiting, queued, paused?, held?, lacks?}}`.
    ///
    /// - Parameters:
    ///   - queued: calls that wait for their turn, because of `maxConcurrent` or `rate`.
    ///   - paused: participants that are paused.
    ///   - held: calls that wait for the end of a pause.
    ///   - lacks: why participants can't be called from here, in a sentence.
    static func json(
        _ readings: [String: BreakerGate.Reading], queued: [String: Int], paused: Set<String> = [],
        held: [String: Int] = [:], lacks: [String: String] = [:]
    ) -> JSON {
        let quiet = BreakerGate.Reading(state: .closed, waiting: 0)
        let names = Set(readings.keys).union(queued.keys).union(paused).union(lacks.keys).sorted {
            let (first, second) = (readings[$0] ?? quiet, readings[$1] ?? quiet)
            return (-first.state.rawValue, -first.failures, $0) < (-second.state.rawValue, -second.failures, $1)
        }
        var report = JSONObject()
        for name in names.prefix(maxParticipants) {
            var told = object(readings[name] ?? quiet, queued: queued[name] ?? 0)
            if paused.contains(name) {
                told["paused"] = true
                told["held"] = JSON(held[name] ?? 0)
            }
            if let lack = lacks[name] {
                told["lacks"] = .string(String(decoding: lack.utf8.prefix(maxErrorBytes), as: UTF8.self))
            }
            report[name] = .object(told)
        }
        return .object(report)
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
