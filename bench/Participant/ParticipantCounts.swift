/// What the participant has seen since it was started or reset, as `GET /stats` tells it.
struct ParticipantCounts: Codable, Sendable {
    /// Calls that came, answered or not.
    var calls = 0
    var answered = 0
    var inFlight = 0
    var inFlightPeak = 0
    /// All connections to its port, that of whoever asks included.
    var connections = 0
    var connectionsPeak = 0
    var callsPerSecondPeak = 0
}
