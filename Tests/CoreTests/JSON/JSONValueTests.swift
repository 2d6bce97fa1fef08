import Core
import Testing

@Suite("JSON values")
struct JSONValueTests {
    @Test(
        "members keep their order through changes, also beyond the size that is searched one by one",
        arguments: [3, 40])
    func order(_ count: Int) {
        var object = JSONObject()
        for index in 0..<count { object["k\(index)"] = JSON(index) }
        object["k1"] = "changed"
        #expect(object.members.map(\.key) == (0..<count).map { "k\($0)" })
        #expect(object["k1"] == "changed")
        object["k0"] = nil
        #expect(object["k0"] == nil)
        #expect(object.members.map(\.key) == (1..<count).map { "k\($0)" })
        #expect(object["k\(count - 1)"] == JSON(count - 1))
        object["k0"] = 7
        #expect(object.members.last?.key == "k0")
        let replaced = object.append("k0", 8)
        #expect(!replaced)
        #expect(object["k0"] == 7)
        let added = object.append("new", 8)
        #expect(added)
        #expect(object.mapValues { _ in .null }.members.allSatisfy { $0.value.isNull })
    }

    @Test("objects are equal in any order, and only with the same members", arguments: [2, 40])
    func equality(_ count: Int) {
        var forwards = JSONObject()
        var backwards = JSONObject()
        for index in 0..<count { forwards["k\(index)"] = JSON(index) }
        for index in (0..<count).reversed() { backwards["k\(index)"] = JSON(index) }
        #expect(forwards == backwards)
        #expect(forwards.hashValue == backwards.hashValue)
        backwards["k0"] = 99
        #expect(forwards != backwards)
        backwards["k0"] = nil
        #expect(forwards != backwards)
        backwards["other"] = 0
        #expect(forwards != backwards)
    }

    @Test("strings are equal by their bytes")
    func stringEquality() {
        #expect(JSON("\u{e9}") == JSON("\u{e9}"))
        #expect(JSON("\u{e9}") != JSON("e\u{301}"))
        #expect(JSON("1") != JSON(1))
    }

    @Test(
        "numbers are read only as what they are",
        arguments: [
            ("1", 1, 1.0), ("-0", 0, -0.0), ("1.0", nil, 1.0), ("1e2", nil, 100.0),
            ("9223372036854775807", .max, 0x1p63),
            ("9223372036854775808", nil, 0x1p63), ("-9223372036854775808", .min, -0x1p63), ("1e400", nil, nil),
            ("0.1", nil, 0.1), ("1e-400", nil, 0),
        ] as [(String, Int?, Double?)])
    func reads(_ text: String, _ int: Int?, _ double: Double?) throws {
        let number = try #require(JSONNumber(text))
        #expect(number.int == int)
        #expect(number.double == double)
        #expect(number.text == text)
    }

    @Test(
        "whole numbers are whole however they are written, and nothing is rounded",
        arguments: [
            ("1", 1), ("1.0", 1), ("-0.0", 0), ("1e2", 100), ("214.000", 214), ("12e-1", nil), ("100e-2", 1),
            ("0.1", nil),
            ("1.00000000000000000001", nil), ("9223372036854775807", .max), ("9007199254740993.0", nil), ("1e400", nil),
            ("9223372036854775808", nil),
        ] as [(String, Int?)])
    func whole(_ text: String, _ whole: Int?) throws {
        #expect(try #require(JSONNumber(text)).whole == whole)
        #expect(try JSON(parsing: text).whole == whole)
    }

    @Test(
        "what is no JSON number makes none",
        arguments: [
            "", "-", "+1", "01", "1.", ".5", "1e", "0x1", "NaN", "Infinity", " 1", "1 ", "1a", "١",
        ])
    func refuses(_ text: String) {
        #expect(JSONNumber(text) == nil)
    }

    @Test(
        "doubles are written shortest, integers without a fraction",
        arguments: [
            (0.1, "0.1"), (3.0, "3"), (-0.0, "0"), (1e21, "1e+21"), (0.1 + 0.2, "0.30000000000000004"),
            (.leastNonzeroMagnitude, "5e-324"),
            (9007199254740992, "9007199254740992"),
        ])
    func writes(_ value: Double, _ text: String) {
        #expect(JSONNumber(value)?.text == text)
        #expect(JSONNumber(text)?.double == value)
    }

    @Test("infinities and NaN are no numbers", arguments: [Double.infinity, -.infinity, .nan])
    func refusesNonFinite(_ value: Double) {
        #expect(JSONNumber(value) == nil)
    }

    @Test(
        "numbers are compared exactly, whatever their form",
        arguments: [
            ("1", "2", .less), ("1", "1.0", .equal), ("1", "10e-1", .equal), ("100", "1e2", .equal),
            ("0", "-0", .equal),
            ("0.0", "-0e9", .equal), ("-1", "1", .less), ("-2", "-1", .less), ("-1.5", "-1.25", .less),
            ("0", "0.0001", .less),
            ("-0.0001", "0", .less), ("0", "-1", .greater), ("1", "0", .greater),
            ("9007199254740993", "9007199254740992", .greater), ("9007199254740993", "9007199254740992.5", .greater),
            ("1.000000000000000005", "1.000000000000000004", .greater), ("1.000000000000000005", "1", .greater),
            ("123456789012345678901234567890", "123456789012345678901234567891", .less), ("1e400", "1e399", .greater),
            ("1e-400", "0", .greater), ("-1e400", "1", .less), ("0.1", "0.10", .equal), ("0.1", "0.09", .greater),
            ("12", "9", .greater), ("12e0", "9.5", .greater), ("1e308", "1e309", .less), ("0.00012", "12e-5", .equal),
            ("1000e-3", "1", .equal), ("9223372036854775808", "9223372036854775807", .greater),
        ] as [(String, String, JSONNumber.Order)])
    func compares(_ left: String, _ right: String, _ order: JSONNumber.Order) throws {
        let (left, right) = (try #require(JSONNumber(left)), try #require(JSONNumber(right)))
        #expect(JSONNumber.compare(left, right) == order)
        let mirrored: JSONNumber.Order = order == .less ? .greater : order == .greater ? .less : .equal
        #expect(JSONNumber.compare(right, left) == mirrored)
    }

    @Test("accessors give nil for other types, subscripts for what is not there")
    func accessors() {
        var json: JSON = ["a": [1, "x", true, nil, 1.5]]
        #expect(json["a"]?[0]?.int == 1)
        #expect(json["a"]?[1]?.string == "x")
        #expect(json["a"]?[2]?.bool == true)
        #expect(json["a"]?[3]?.isNull == true)
        #expect(json["a"]?[4]?.double == 1.5)
        #expect(json["a"]?[5] == nil)
        #expect(json["a"]?[-1] == nil)
        #expect(json["a"]?["b"] == nil)
        #expect(json["b"] == nil)
        #expect(json[0] == nil)
        #expect(json.string == nil && json.int == nil && json.bool == nil && json.array == nil && json.number == nil)
        json["b"] = 2
        json["a"] = nil
        #expect(json == ["b": 2])
    }
}
