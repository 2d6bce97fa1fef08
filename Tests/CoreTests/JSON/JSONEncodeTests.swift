import Core
import Testing

@Suite("Writing JSON")
struct JSONEncodeTests {
    @Test("canonical bytes do not depend on order or white space, but on how numbers are written")
    func canonical() throws {
        let first = try JSON(parsing: #"{"b":[1,{"z":1,"a":2}],"a":"x"}"#)
        let second = try JSON(parsing: #" { "a" : "\u0078", "b" : [ 1, { "a":2, "z":1 } ] } "#)
        #expect(String(decoding: first.canonicalBytes, as: UTF8.self) == #"{"a":"x","b":[1,{"a":2,"z":1}]}"#)
        #expect(first.canonicalBytes == second.canonicalBytes)
        #expect(first == second)
        #expect(first.hashValue == second.hashValue)
        #expect(try JSON(parsing: "[1]").canonicalBytes != JSON(parsing: "[1.0]").canonicalBytes)
        #expect(try JSON(parsing: "[1,2]").canonicalBytes != JSON(parsing: "[2,1]").canonicalBytes)
    }

    @Test("canonical order is that of the keys' UTF-8, not of UTF-16 or of people")
    func canonicalOrder() {
        let json: JSON = ["\u{1F600}": 1, "\u{FFFF}": 2, "é": 3, "z": 4, "a": 5, "B": 6, "": 7, "aa": 8]
        #expect(
            String(decoding: json.canonicalBytes, as: UTF8.self)
                == "{\"\":7,\"B\":6,\"a\":5,\"aa\":8,\"z\":4,\"é\":3,\"\u{FFFF}\":2,\"\u{1F600}\":1}")
    }

    @Test("only what must be escaped is")
    func escapes() {
        let controls = String(String.UnicodeScalarView((0x01...0x1F).compactMap { Unicode.Scalar($0) }))
        #expect(
            JSON(controls).text
                == #""\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012"#
                + #"\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#)
        #expect(JSON("a\"b\\c/d\u{7f}é").text == "\"a\\\"b\\\\c/d\u{7f}é\"")
    }

    @Test("encoding appends to what is there")
    func appends() {
        var bytes = Array("x".utf8)
        JSON.bool(true).encode(into: &bytes)
        #expect(bytes == Array("xtrue".utf8))
    }

    @Test(
        "a pointer escapes ~ and /, and only them",
        arguments: [
            ([], ""), (["a"], "/a"), (["a", "0"], "/a/0"), ([""], "/"), (["a/b"], "/a~1b"), (["m~n"], "/m~0n"),
            (["~1"], "/~01"), ([" ", "é%"], "/ /é%"),
        ] as [([String], String)])
    func pointers(_ tokens: [String], _ text: String) {
        #expect(JSONPointer(tokens).description == text)
    }
}
