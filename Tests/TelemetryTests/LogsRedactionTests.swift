import Core
import Logging
import Testing

@testable import Telemetry

@Suite("No secret in a log")
struct LogsRedactionTests {
    private static let canary = "c4n4ry"

    @Test(
        "The value of a sensitive name is gone wherever the name stands",
        arguments: [
            ["password": "c4n4ry"], ["Authorization": "Bearer c4n4ry"], ["X-API-Key": "c4n4ry"],
            ["card_number": "c4n4ry"],
            ["token": ["deep": ["list": ["c4n4ry"]]]], ["headers": ["set-cookie": "a=c4n4ry"]],
            ["list": [["iban": "c4n4ry"], [["cvv": "c4n4ry"]]]], ["body": #"{"a":{"apiKey":"c4n4ry"}}"#],
            ["body": #" [1,{"secret":["c4n4ry",{"b":"c4n4ry"}]}]"#], ["body": #"{"pass\u0077ord":"c4n4ry"}"#],
            ["body": #"{"inner":"{\"inner\":\"[{\\\"token\\\":\\\"c4n4ry\\\"}]\"}"}"#],
            ["body": #"{"password":"c4n4ry","cut":"in the mid"#],
            ["body": #"{"password":"c4n4ry","password":"c4n4ry"}"#],
            ["body": #"[{"refresh_token":"c4n4ry"},"#], ["body": "\u{FEFF}{\"password\":\"c4n4ry\"}"],
            ["url": "postgres://user:c4n4ry@host/db"], ["url": "see redis://:c4n4ry@h:6379 and http://u:c4n4ry@h?x"],
            ["url": "amqp://u:p@c4n4ry@h"], ["url": "HTTPS://u:c4n4ry#?@h/x@y"], ["nested": ["url": "x://u:c4n4ry@h"]],
            ["body": #"{"url":"http://u:c4n4ry@h/"}"#], ["tenantKey": "c4n4ry"], ["tenant_key": ["c4n4ry"]],
        ] as [Logger.Metadata])
    func secrets(metadata: Logger.Metadata) throws {
        for format in [LogConfiguration.Format.json, .text] {
            let log = CapturedLog()
            var logger = log.logger(format, sensitive: [SensitiveNames.normal("tenantKey")])
            logger.info("event", metadata: metadata)
            for (key, value) in metadata { logger[metadataKey: key] = value }
            logger.info("the logger's own")
            #expect(log.lines.count == 2)
            for line in log.lines {
                #expect(!line.contains(Self.canary), "\(line)")
                #expect(line.contains("[redacted"), "\(line)")
            }
        }
    }

    @Test("A password in a message's URL is masked; names in a message are not looked for")
    func message() throws {
        let json = try CapturedLog.json("no connection to postgres://u:c4n4ry@h/d, password unknown")
        #expect(json["message"] == "no connection to postgres://u:[redacted]@h/d, password unknown")
    }

    @Test(
        "What is not secret stays as it is",
        arguments: [
            "plain", "{not json", "[1, 2 ,3]", #"{"a": 1.50,  "b":[]}"#, "http://host:80/path?mail=a:b@c", "a://b",
            "://",
            "https://host/@user", "user:pw@host", "token", "{}", "", "x://u:@h", "http://user@host/",
            "\"token\" is missing",
            "\"token\" is missing",
        ])
    func harmless(text: String) throws {
        #expect(try CapturedLog.json("m", ["value": "\(text)"])["value"] == JSON(text))
    }

    @Test("Names that only resemble a sensitive one are shown")
    func similar() throws {
        let json = try CapturedLog.json("m", ["tokens": "3", "passwordless": "yes", "pinned": "no", "stepId": "iban"])
        #expect(!json.text.contains("[redacted"))
    }

    @Test("However deep and in whatever disguise, no planted secret comes out", arguments: 0..<200)
    func property(seed: UInt64) throws {
        var random = Seeded(state: seed)
        var metadata: Logger.Metadata = [:]
        for index in 0...Int.random(in: 0...4, using: &random) {
            metadata["member\(index)"] = Self.value(depth: 0, using: &random)
        }
        metadata["planted"] = Self.secret(depth: 0, using: &random)
        for format in [LogConfiguration.Format.json, .text] {
            let log = CapturedLog()
            log.logger(format).info("m", metadata: metadata)
            let line = try #require(log.lines.first)
            #expect(!line.contains(Self.canary), "\(line)")
            #expect(line.contains("[redacted"), "\(line)")
            #expect(line.dropLast().allSatisfy { !$0.isNewline })
        }
    }

    /// A structure that has, here and there, a secret in it.
    private static func value(depth: Int, using random: inout Seeded) -> Logger.MetadataValue {
        switch Int.random(in: 0...(depth < 5 ? 5 : 2), using: &random) {
        case 0: return "text"
        case 1: return .stringConvertible(Int.random(in: 0...9, using: &random))
        case 2: return secret(depth: depth, using: &random)
        case 3: return .array((0...2).map { _ in value(depth: depth + 1, using: &random) })
        case 4: return .dictionary(["a": value(depth: depth + 1, using: &random), "b": "c"])
        default: return .string(json(value(depth: depth + 1, using: &random)).text)
        }
    }

    private static func secret(depth: Int, using random: inout Seeded) -> Logger.MetadataValue {
        let name = SensitiveNames.always.sorted().randomElement(using: &random) ?? "password"
        let spelled = [name, name.uppercased(), name.lowercased()].randomElement(using: &random) ?? name
        let values: [Logger.MetadataValue] = [.string(canary), ["x": .string(canary)], [[.string(canary)]]]
        let value = values.randomElement(using: &random) ?? .string(canary)
        let member: Logger.MetadataValue = [spelled: value]
        switch Int.random(in: 0...2, using: &random) {
        case 0: return member
        case 1: return .string(json(member).text)
        default: return .string(json([.string(json(member).text)]).text)
        }
    }

    private static func json(_ value: Logger.MetadataValue) -> JSON {
        switch value {
        case .string(let text): JSON(text)
        case .stringConvertible(let value): JSON(value.description)
        case .array(let elements): .array(elements.map(json))
        case .dictionary(let members): .object(JSONObject(members.map { ($0.key, json($0.value)) }))
        }
    }

    /// SplitMix64.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }
}
