import Basics
import Testing

/// Forms as browsers send them.
@Suite struct FormEncodingTests {
    private static func fields(_ text: String) -> [String]? {
        FormEncoding.fields(Array(text.utf8))?.map { "\($0.name)|\($0.value)" }
    }

    @Test(arguments: [
        ("", []), ("a=b", ["a|b"]), ("a=b&a=c", ["a|b", "a|c"]), ("a", ["a|"]), ("=b", ["|b"]), ("a=b=c", ["a|b=c"]),
        ("&&a=1&", ["a|1"]), ("a+b=c%2Bd+e", ["a b|c+d e"]), ("t=%0D%0A%C3%A4", ["t|\r\nä"]), ("%61=%3d%26", ["a|=&"]),
    ])
    func `Fields are read`(text: String, fields: [String]) { #expect(Self.fields(text) == fields) }

    @Test(arguments: ["a=%", "a=%4", "a=%4g", "%zz=1", "a=%FF", "a=%00", "a=%C3"])
    func `What encodes no text is refused`(text: String) { #expect(Self.fields(text) == nil) }
}
