import Testing

extension BadInputTests {
    private static func begin(_ members: String, _ pointer: String) -> BadRequest {
        .start("a start with \(members)", "{\(members)}", 422, "invalid-content", pointer: pointer)
    }

    private static func delay(_ value: String) -> BadRequest { begin(#""delay":\#(value)"#, "/delay") }

    private static func startAt(_ value: String) -> BadRequest { begin(#""startAt":\#(value)"#, "/startAt") }

    /// When a run is to begin. What it refuses besides stands with what it takes, in `HandTests`.
    static let beginnings: [BadRequest] = [
        begin(#""startAt":"2020-01-01T00:00:00Z","delay":"1s""#, "/delay"),
        begin(#""startAt":null,"delay":"1s""#, "/delay"), begin(#""startAt":null,"delay":"1s""#, "/startAt"),
        begin(#""startAt":"soon","delay":1"#, "/startAt"), begin(#""startAt":"soon","delay":1"#, "/delay"),
        delay("null"), delay("true"), delay("10"), delay("[]"), delay(#"{"for":"1s"}"#), delay(#""""#), delay(#"" ""#),
        delay(#""0s""#), delay(#""0""#), delay(#""00s""#), delay(#""01s""#), delay(#""-1s""#), delay(#""+1s""#),
        delay(#""1.5h""#), delay(#""1 s""#), delay(#"" 1s""#), delay(#""1s ""#), delay(#""1S""#), delay(#""1w""#),
        delay(#""1us""#), delay(#""s""#), delay(#""60""#), delay(#""1h30m""#), delay(#""PT1M""#), delay(#""١s""#),
        delay(#""1e3s""#), delay(#""31622401s""#), delay(#""31622400001ms""#), delay(#""8785h""#),
        delay(#""9223372036854775807d""#), delay(#""9223372036854775808ms""#),
        delay("\"\(String(repeating: "1", count: 64))s\""),
        startAt("null"), startAt("false"), startAt("1893456000"), startAt("{}"), startAt(#""""#), startAt(#""now""#),
        startAt(#""2020-01-01""#), startAt(#""2020-01-01T00:00:00""#), startAt(#""2020-01-01T00:00Z""#),
        startAt(#""2020-01-01T24:00:00Z""#), startAt(#""2020-01-01T00:60:00Z""#), startAt(#""2020-13-01T00:00:00Z""#),
        startAt(#""2021-02-29T00:00:00Z""#), startAt(#""2020-01-01T00:00:00+0100""#),
        startAt(#""2020-01-01T00:00:00+24:00""#), startAt(#""20200101T000000Z""#), startAt(#""1 Jan 2020""#),
        startAt(#"" 2020-01-01T00:00:00Z""#), startAt(#""2020-01-01T00:00:00 Z""#),
        startAt(#""+12020-01-01T00:00:00Z""#), startAt(#""9999-12-31T23:59:59Z""#),
    ]
}
