import Core

extension ParticipantRequest {
    /// The rate as it is asked for: absent or null for no limit.
    static func rate(_ fields: inout Fields) -> CallRate? {
        guard let json = fields["rate"], !json.isNull else { return nil }
        let pointer = JSONPointer(["rate"])
        guard let object = json.object else {
            fields.refuse(pointer, "This must be an object, not \(json.typeName).")
            return nil
        }
        for (key, _) in object.members where key != "perSecond" && key != "burst" {
            fields.refuse(pointer.appending(key), "A rate has perSecond and burst.")
        }
        guard let perSecond = object["perSecond"] else {
            fields.refuse(pointer.appending("perSecond"), "This member is required.")
            return nil
        }
        guard let thousandths = CallRate.thousandths(perSecond: perSecond) else {
            fields.refuse(
                pointer.appending("perSecond"),
                "This must be a number from 0.01 to \(CallRate.rates.upperBound / 1000) with at most three decimals.")
            return nil
        }
        var burst = 1
        if let json = object["burst"], !json.isNull {
            let range = CallRate.bursts
            guard let value = json.whole, range.contains(value) else {
                fields.refuse(
                    pointer.appending("burst"),
                    "This must be a whole number from \(range.lowerBound) to \(range.upperBound).")
                return nil
            }
            burst = value
        }
        return CallRate(thousandths: thousandths, burst: burst)
    }
}
