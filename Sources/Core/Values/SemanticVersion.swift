internal import Basics

/// A version by Semantic Versioning 2.0.0 (semver.org), of at most 64 characters.
///
/// `<` is the precedence of §11; versions that differ only in build metadata, which precedence ignores, are put in the
/// order of its bytes, so that the order is total and agrees with `==`.
package struct SemanticVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let major: UInt64
    package let minor: UInt64
    package let patch: UInt64
    /// The identifiers after `-`, empty for a release.
    package let prerelease: [String]
    /// What follows `+`, nil when absent.
    package let build: String?

    package static let maxLength = 64

    /// Parses the strict grammar (no leading `v`, no leading zeros, ASCII only); nil for anything else.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maxLength else { return nil }
        let (beforeBuild, build) = Self.cut(text[...], at: "+")
        let (core, prerelease) = Self.cut(beforeBuild, at: "-")
        let numbers = Self.identifiers(core)
        guard numbers.count == 3, numbers.allSatisfy({ Self.isNumeric($0) && !Self.hasLeadingZero($0) }),
            let major = UInt64(numbers[0]), let minor = UInt64(numbers[1]), let patch = UInt64(numbers[2])
        else { return nil }
        let prereleases = prerelease.map(Self.identifiers) ?? []
        guard prereleases.allSatisfy({ Self.isIdentifier($0) && !(Self.isNumeric($0) && Self.hasLeadingZero($0)) }),
            (build.map(Self.identifiers) ?? []).allSatisfy(Self.isIdentifier)
        else { return nil }
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prereleases.map(String.init)
        self.build = build.map(String.init)
    }

    /// Whether this is a release: nothing after a `-`.
    package var isRelease: Bool { prerelease.isEmpty }

    package var description: String {
        var text = "\(major).\(minor).\(patch)"
        if !isRelease { text += "-" + prerelease.joined(separator: ".") }
        if let build { text += "+" + build }
        return text
    }

    /// The highest of the releases among `versions`; nil when there is none.
    package static func highestRelease(_ versions: some Sequence<SemanticVersion>) -> SemanticVersion? {
        versions.lazy.filter(\.isRelease).max()
    }

    package static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let (core, otherCore) = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
        if core != otherCore { return core < otherCore }
        if left.prerelease != right.prerelease {
            if left.isRelease || right.isRelease { return right.isRelease }
            return left.prerelease.lexicographicallyPrecedes(right.prerelease, by: identifierPrecedes)
        }
        return (left.build ?? "").utf8.lexicographicallyPrecedes((right.build ?? "").utf8)
    }

    /// Numbers below words, numbers by value (of whatever length), words by their bytes.
    private static func identifierPrecedes(_ left: String, _ right: String) -> Bool {
        switch (isNumeric(left[...]), isNumeric(right[...])) {
        case (true, true) where left.utf8.count != right.utf8.count: left.utf8.count < right.utf8.count
        case (true, false): true
        case (false, true): false
        case (true, true), (false, false): left.utf8.lexicographicallyPrecedes(right.utf8)
        }
    }

    private static func cut(_ text: Substring, at separator: Character) -> (Substring, Substring?) {
        guard let at = text.firstIndex(of: separator) else { return (text, nil) }
        return (text[..<at], text[text.index(after: at)...])
    }

    private static func identifiers(_ text: Substring) -> [Substring] {
        text.split(separator: ".", omittingEmptySubsequences: false)
    }

    private static func isNumeric(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(\.isDigit)
    }

    private static func hasLeadingZero(_ text: Substring) -> Bool { text.utf8.count > 1 && text.utf8.first == 0x30 }

    private static func isIdentifier(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
    }
}
