import Core

extension ParticipantRequest {
    /// The breaker as it is asked for: absent or null for the default, `false` for none, else an object.
    static func breaker(_ fields: inout Fields) -> BreakerPolicy? {
        guard let json = fields["breaker"], !json.isNull else { return .standard }
        if json.bool == false { return nil }
        let pointer = JSONPointer(["breaker"])
        guard let object = json.object else {
            fields.refuse(pointer, "This must be an object or false, not \(json.typeName).")
            return nil
        }
        var policy = BreakerPolicy.standard
        for (key, value) in object.members {
            let place = pointer.appending(key)
            switch key {
            case "failureThreshold":
                policy.failureThreshold = count(value, BreakerPolicy.failureThresholds, at: place, &fields)
            case "successThreshold":
                policy.successThreshold = count(value, BreakerPolicy.successThresholds, at: place, &fields)
            case "openFor":
                policy.openFor = openTime(value, at: place, &fields)
            default:
                fields.refuse(place, "A breaker has failureThreshold, successThreshold and openFor.")
            }
        }
        return policy
    }

    private static func count(
        _ json: JSON, _ range: ClosedRange<Int>, at pointer: JSONPointer, _ fields: inout Fields
    ) -> Int {
        if let value = json.whole, range.contains(value) { return value }
        fields.refuse(pointer, "This must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        return range.lowerBound
    }

    private static func openTime(_ json: JSON, at pointer: JSONPointer, _ fields: inout Fields) -> Duration {
        let range = BreakerPolicy.openTimes
        if let value = json.string.flatMap({ DurationText.parse($0) }), range.contains(value) { return value }
        let (least, most) = (DurationText.format(range.lowerBound), DurationText.format(range.upperBound))
        fields.refuse(pointer, "This must be a duration from \(least) to \(most), like \"30s\".")
        return range.lowerBound
    }
}
