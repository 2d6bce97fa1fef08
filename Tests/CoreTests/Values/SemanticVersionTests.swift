import Core
import Testing

@Suite("Semantic versions")
struct SemanticVersionTests {
    /// Ascending; the middle is the example of semver.org §11.
    private static let ascending = [
        "0.0.0-0", "0.0.0", "0.0.1", "0.1.0", "0.9.9", "1.0.0-0", "1.0.0-1", "1.0.0-2", "1.0.0-10",
        "1.0.0-99999999999999999999998", "1.0.0-99999999999999999999999", "1.0.0--", "1.0.0-A", "1.0.0-alpha",
        "1.0.0-alpha.1", "1.0.0-alpha.1.0", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0", "1.0.0+a", "1.0.0+b", "1.0.1", "1.2.0", "1.10.0", "2.0.0-rc.1", "2.0.0", "10.0.0",
        "18446744073709551615.0.0",
    ]

    @Test("precedence is that of semver.org, build metadata only breaking ties")
    func precedence() throws {
        let versions = try Self.ascending.map { try #require(SemanticVersion($0), "\($0)") }
        for (index, version) in versions.enumerated() {
            for (otherIndex, other) in versions.enumerated() {
                #expect((version < other) == (index < otherIndex), "\(version) \(other)")
                #expect((version == other) == (index == otherIndex))
            }
        }
    }

    @Test(
        "what is valid is written as it was read",
        arguments: ascending + [
            "1.0.0-0A.is.legal", "1.2.3----RC-SNAPSHOT.12.9.1--.12+788", "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
            "1.0.0+001",
            "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
        ])
    func roundTrips(_ text: String) {
        #expect(SemanticVersion(text)?.description == text)
    }

    @Test(
        "what semver.org's grammar does not have is refused",
        arguments: [
            "", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.02.3", "1.2.03", "1.2.3-", "1.2.3+", "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+a..b", "1.2.3-a.", "1.2.3+a+b", "-1.2.3", "+1.2.3", "1.2.-3", "1. 2.3", " 1.2.3", "1.2.3 ", "1.2.x",
            "a.b.c",
            "1.2.3-é", "1.2.3+é", "1.2.3-a_b", "1.2.3-a b", "1.2.3-a/b", "18446744073709551616.0.0", "١.0.0", "1..2",
            "...", "1.2.3-+b",
            "1.0.0-" + String(repeating: "a", count: 59),
        ])
    func refuses(_ text: String) {
        #expect(SemanticVersion(text) == nil)
    }

    @Test("the highest release is chosen by number, never a prerelease")
    func highestRelease() throws {
        let versions = try ["1.9.0", "2.0.0-rc.1", "1.10.0", "0.99.0"].map { try #require(SemanticVersion($0)) }
        #expect(SemanticVersion.highestRelease(versions)?.description == "1.10.0")
        #expect(SemanticVersion.highestRelease(versions.filter { !$0.isRelease }) == nil)
        #expect(SemanticVersion("1.0.0+x")?.isRelease == true)
        #expect(SemanticVersion("1.0.0-0")?.isRelease == false)
    }
}
