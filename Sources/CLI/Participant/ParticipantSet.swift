import ArgumentParser
import Core
import FoundationEssentials
import Settings

/// `saga participant set`.
struct ParticipantSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Registers a participant, or changes its registration.",
        discussion: """
            What is not given stays as it is, but values of headers can't be read back: a participant that has headers wants \
            them given again, or --drop-headers. A tenant's own begins anew, whatever the shared one is like that it hides. Engines \
            follow within a second. Exit codes: 0, 1 refused, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: ParticipantArgument

    @Argument(help: "Where engines find it, as in http://payments:8080.")
    var address: String?

    @Option(help: "Calls in flight from all engines together, or none for no limit.")
    var maxConcurrent: String?

    @Option(help: "Calls per second from all engines together, as in 10 or 0.5, or none for no limit.")
    var rate: String?

    @Option(help: "Of these so many at once after a quiet time; 1 when nothing is said.")
    var burst: Int?

    @Option(
        name: .customLong("header-from"),
        help: ArgumentHelp(
            "A header sent with every call, whose value is in a file (command lines are no place for it), repeatable.",
            valueName: "name=file"))
    var headers: [String] = []

    @Option(
        name: .customLong("header"),
        help: ArgumentHelp(
            "A header that names one of the engines' secrets, as in 'Authorization=Bearer ${secret:payments}', repeatable.",
            valueName: "name=value"))
    var references: [String] = []

    @Flag(help: "Send no headers any more.")
    var dropHeaders = false

    @Option(
        help: ArgumentHelp(
            "The engines' secret that signs its calls, or ed25519:NAME for a key of theirs; twice for two, while participants are moved.",
            valueName: "secret"))
    var signWith: [String] = []

    @Flag(help: "Sign its calls no more.")
    var noSignature = false

    @OptionGroup(title: "TLS") var tls: TLSOptions
    @OptionGroup(title: "Access tokens") var client: ClientOptions

    @Option(help: "After so many failures in a row an engine stops calling it for a while.")
    var failureThreshold: Int?

    @Option(help: "So many successes end that.")
    var successThreshold: Int?

    @Option(help: "How long that while is, as in 30s.")
    var openFor: String?

    @Flag(help: "Never stop calling it.")
    var noBreaker = false

    private var changesBreaker: Bool { failureThreshold != nil || successThreshold != nil || openFor != nil }

    func validate() throws {
        if dropHeaders, !(headers + references).isEmpty {
            throw ValidationError("Give --header-from or --drop-headers, not both.")
        }
        try HeaderFiles.checkReferences(references)
        if noSignature, !signWith.isEmpty { throw ValidationError("Give --sign-with or --no-signature, not both.") }
        if noBreaker, changesBreaker { throw ValidationError("Give --no-breaker or its numbers, not both.") }
        if let maxConcurrent, maxConcurrent != "none", Int(maxConcurrent) == nil {
            throw ValidationError("--max-concurrent is a number or none.")
        }
        if let rate, rate != "none", JSONNumber(rate) == nil { throw ValidationError("--rate is a number or none.") }
        if rate == "none", burst != nil { throw ValidationError("--burst goes with a rate.") }
        try HeaderFiles.check(headers)
    }

    func run() async throws {
        var given = try HeaderFiles.read(headers)
        for (name, value) in HeaderFiles.values(references) { given[name] = .string(value) }
        let (isNew, shown) = try await api.withClient(token: try admin.token(api)) { client in
            let known = try await registered(client)
            let body = try self.body(known, given)
            let answer = try await client.patiently(.put, argument.path, .object(body))
            return (answer.status == 201, answer.json)
        }
        output.show(
            text: (isNew ? "registered" : "changed") + "\n" + ParticipantView.text(shown), json: shown)
    }

    /// What is changed; nil where there is none yet, or only a shared one that the tenant's own is to hide.
    private func registered(_ client: APIClient) async throws -> JSON? {
        let known: JSON
        do { known = try await client.patiently(.get, argument.path).json } catch CLIError.refused(status: 404, _) {
            return nil
        }
        let isAnothers = argument.tenant.id.map { known["tenant"]?.string != $0 } ?? false
        return isAnothers || known["url"] == nil ? nil : known
    }

    /// What is given of the rate, over what there is; nil for no limit.
    private func rate(_ known: JSON?) throws(CLIError) -> JSON? {
        if rate == "none" { return nil }
        var object = known?.object ?? JSONObject()
        if let number = rate.flatMap({ JSONNumber($0) }) { object["perSecond"] = .number(number) }
        if let burst { object["burst"] = JSON(burst) }
        if object.isEmpty { return nil }
        guard object["perSecond"] != nil else {
            throw .unusable("\(argument.name) has no rate yet: give --rate with --burst")
        }
        return .object(object)
    }

    /// The whole registration: what is given, over what there is.
    func body(_ known: JSON?, _ given: JSONObject) throws(CLIError) -> JSONObject {
        guard let url = address ?? known?["url"]?.string else {
            throw .unusable(
                "\(argument.name) is not registered yet: say where it is (saga participant set NAME http://…)")
        }
        var body: JSONObject = ["url": .string(url)]
        switch maxConcurrent {
        case nil: body["maxConcurrent"] = known?["maxConcurrent"]
        case "none"?: break
        case let text?: body["maxConcurrent"] = Int(text).map { JSON($0) }
        }
        body["rate"] = try rate(known?["rate"])
        if noBreaker {
            body["breaker"] = false
        } else {
            body["breaker"] = known?["breaker"]
            if changesBreaker {
                var breaker = known?["breaker"]?.object ?? JSONObject()
                breaker["failureThreshold"] = failureThreshold.map { JSON($0) } ?? breaker["failureThreshold"]
                breaker["successThreshold"] = successThreshold.map { JSON($0) } ?? breaker["successThreshold"]
                breaker["openFor"] = openFor.map { .string($0) } ?? breaker["openFor"]
                body["breaker"] = .object(breaker)
            }
        }
        if !noSignature {
            body["signWith"] = signWith.isEmpty ? known?["signWith"] : .array(signWith.map { .string($0) })
        }
        let names = known?["headerNames"]?.array?.compactMap(\.string) ?? []
        let missing = names.filter { name in !given.keys.contains { $0.lowercased() == name.lowercased() } }
        if !missing.isEmpty, !dropHeaders {
            throw .unusable(
                "\(argument.name) has headers whose values can't be read back (\(missing.joined(separator: ", "))): give "
                    + "them again with --header-from, or --drop-headers")
        }
        if !given.isEmpty { body["headers"] = .object(given) }
        body["tls"] = tls.body(known?["tls"])
        body["auth"] = try client.body(known?["auth"], of: argument.name)
        return body
    }
}

/// Headers whose values are in files, because every user of the machine can read command lines.
enum HeaderFiles {
    /// - Parameter headers: each `NAME=FILE`.
    static func check(_ headers: [String]) throws {
        for header in headers where header.split(separator: "=", maxSplits: 1).count != 2 {
            throw ValidationError("\(header.clipped) is no NAME=FILE.")
        }
    }

    /// - Parameter headers: each `NAME=VALUE`, with a reference in its value.
    static func checkReferences(_ headers: [String]) throws {
        for (name, value) in values(headers) {
            let text: SecretText
            do { text = try SecretText(value) } catch { throw ValidationError("\(name.clipped): \(error)") }
            guard !name.isEmpty, !text.isLiteral else {
                throw ValidationError(
                    "--header is NAME=VALUE with ${secret:NAME} in the value; any other value belongs into a file (--header-from)."
                )
            }
        }
    }

    static func values(_ headers: [String]) -> [(name: String, value: String)] {
        headers.map { header in
            let sides = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(sides[0]), sides.count == 2 ? String(sides[1]) : "")
        }
    }

    static func read(_ headers: [String]) throws(CLIError) -> JSONObject {
        var values = JSONObject()
        for header in headers {
            let sides = header.split(separator: "=", maxSplits: 1).map(String.init)
            guard let text = try? String(contentsOf: URL(filePath: sides[1]), encoding: .utf8) else {
                throw .unusable("\(sides[1].clipped), which holds a header, can't be read")
            }
            values[sides[0]] = .string(text.trimmed())
        }
        return values
    }
}
