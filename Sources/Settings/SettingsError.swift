/// A setting that can't be used: one sentence that names it and says what would do.
package struct SettingsError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
