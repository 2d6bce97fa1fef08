import Settings
import Testing

@Suite("Secrets are shown to nobody")
struct SecretTests {
    private static let canary = "c4n4ry"

    private static func read(
        _ value: String, _ secrecy: Settings.Secrecy, byFlag: Bool
    ) -> (report: String, error: SettingsError?) {
        var settings = Settings(
            program: "p", about: "tests", arguments: byFlag ? ["p", "--the-key", value] : ["p"],
            environment: byFlag ? [:] : ["THE_KEY": value])
        do {
            _ = try settings.text("the.key", secrecy: secrecy, help: "x")
            try settings.finish()
            return (settings.reportText, settings.error("the.key", "is bad."))
        } catch {
            return (settings.reportText, error)
        }
    }

    /// Where a password may hide.
    private static let passwords = [
        "postgres://u:\(canary)@h/d", "postgres://u:\(canary)@h1,h2:5/d?sslmode=require", "redis://:\(canary)@h",
        "postgres://h/d?user=u&password=\(canary)", "postgres://h/d?p%61ssword=\(canary)",
        "postgres://u:x@\(canary)@h/d",
        "host=h password=\(canary)", "host=h PASSWORD = '\(canary)'", "postgres://u:p@h/d?sslpassword=\(canary)",
        "postgresql://u:a/\(canary)@h/d",
        // Mistyped: no URL any more, and a password all the same.
        "postgres:/u:\(canary)@h/d", "u:\(canary)@h/d", "postgres//u:\(canary)@h/d", "redis:/:\(canary)@h",
    ]

    @Test("A password is refused as a flag, and shown neither in an error nor by --print-config", arguments: passwords)
    func password(value: String) {
        let flag = Self.read(value, .password, byFlag: true)
        #expect(flag.error?.description.contains("THE_KEY_FILE") == true, "it says where secrets go")
        let variable = Self.read(value, .password, byFlag: false)
        for text in [flag.report, flag.error?.description, variable.report, variable.error?.description] {
            #expect(text?.contains(Self.canary) == false, "\(text ?? "nothing")")
        }
    }

    @Test(
        "What holds no password may be a flag, and is shown",
        arguments: ["postgres://u@h:5432/d", "postgres://h/d?sslmode=require", "host=h dbname=d", "redis://h:6379/1"])
    func noPassword(value: String) {
        #expect(
            Self.read(value, .password, byFlag: true).error?.description
                == "--the-key (THE_KEY), set by the flag --the-key and not shown here because it is secret, is bad.")
        #expect(Self.read(value, .password, byFlag: true).report.contains(value))
    }

    @Test("A secret is refused as a flag whatever it is, and never shown")
    func secret() {
        let flag = Self.read(Self.canary, .secret, byFlag: true)
        #expect(flag.error?.description.contains("command lines") == true)
        let variable = Self.read(Self.canary, .secret, byFlag: false)
        #expect(variable.report.contains("the environment variable THE_KEY"))
        for text in [flag.report, flag.error?.description, variable.report, variable.error?.description] {
            #expect(text?.contains(Self.canary) == false)
        }
    }

    @Test("A secret that lost its flag is not repeated")
    func strayWord() {
        var settings = Settings(program: "p", about: "x", arguments: ["p", Self.canary], environment: [:])
        _ = settings.optionalText("the.key", help: "x")
        let error = #expect(throws: SettingsError.self) { try settings.finish() }
        #expect(error?.description.contains(Self.canary) == false)
    }

    @Test("--help lists every setting with its default, whatever is wrong with the values")
    func help() throws {
        var settings = Settings(
            program: "p", about: "tests", arguments: ["p", "--help", "--nonsense"], environment: ["COUNT": "many"])
        settings.group("Things")
        #expect(try settings.integer("count", default: 3, in: 1...5, help: "how many") == 3)
        #expect(try settings.text("a.url", example: "x://y", help: "where") == "x://y")
        _ = settings.optionalText("a.token", secrecy: .secret, help: "who")
        try settings.finish()
        let text = settings.helpText
        #expect(text.contains("Things:\n  --count        how many; 1 to 5 (default 3) [COUNT]\n"), "\(text)")
        #expect(text.contains("  --a-url        where [A_URL]\n"))
        #expect(text.contains("  --a-token      who (secret) [A_TOKEN]\n"))
        #expect(text.contains("[SAGAFLOW_CONFIG]") && text.contains("--print-config"))
    }

    @Test("--print-config shows each value with its source")
    func report() throws {
        var settings = Settings(
            program: "p", about: "tests", arguments: ["p", "--print-config", "--count=4"], environment: ["LEVEL": "7"])
        _ = try settings.integer("count", default: 3, in: 1...5, help: "x")
        _ = try settings.integer("level", default: 3, in: 1...9, help: "x")
        _ = try settings.number("share", default: 0.5, in: 0...1, help: "x")
        _ = settings.optionalText("nothing", help: "x")
        try settings.finish()
        let lines = settings.reportText.split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(lines.contains("count 4 the flag --count"))
        #expect(lines.contains("level 7 the environment variable LEVEL"))
        #expect(lines.contains("share 0.5 default"))
        #expect(lines.contains("nothing (not set)"))
        #expect(settings.wantsReport)
    }
}
