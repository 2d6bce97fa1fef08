internal import Core
internal import Documents
internal import Participants
internal import Settings

/// The file in which an operator names whose tokens are taken: YAML, or the same in JSON. Read once, at the start.
package struct IssuersFile: Sendable {
    package let issuers: [TokenIssuer]
    /// Where key sets may be fetched from although it is not public.
    let allowed: AllowList
    /// A PEM file of certificates to trust besides the system's.
    let trustRootsFile: String?

    package static let maxIssuers = 20

    /// Short names of those at which people can log in.
    package var loginNames: [String] { issuers.filter { $0.login != nil }.map(\.name) }

    /// Reads a file. What it names by a relative path is looked for beside it.
    ///
    /// - Parameter isRole: whether a word is one of the roles and permissions that may be given.
    /// - Throws: for whatever is not known, missing or not safe: nothing is passed over.
    package init(path: String, isRole: @escaping (String) -> Bool) throws(IssuersFault) {
        guard let bytes = Settings.content(of: path) else {
            throw IssuersFault("the file can't be read, or has more than 1 MiB")
        }
        let document: YAMLDocument
        do throws(YAMLError) { document = try YAMLDocument(bytes) } catch {
            throw IssuersFault("\(error.place): \(error.message)")
        }
        do throws(MemberFault) {
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
            try self.init(document.json, folder: folder, isRole: isRole)
        } catch {
            let place = document.place(of: error.pointer).map { "\($0), " } ?? ""
            throw IssuersFault("\(place)\(error.pointer): \(error.sentence)")
        }
    }

    init(_ json: JSON, folder: String, isRole: @escaping (String) -> Bool) throws(MemberFault) {
        let members = try Members(json, known: ["allow", "caFile", "issuers"])
        allowed =
            try members.read("allow") { value throws(MemberFault) in
                let list = try Members.words(value).joined(separator: ",")
                do throws(ParticipantsError) { return try AllowList(parsing: list) } catch {
                    throw MemberFault(error.description)
                }
            } ?? AllowList()
        trustRootsFile = try members.read("caFile") { value throws(MemberFault) in
            let file = Members.path(try Members.text(value), in: folder)
            do throws(ParticipantsError) { try ParticipantClient.check(trustRootsFile: file) } catch {
                throw MemberFault(error.description)
            }
            return file
        }
        var issuers: [TokenIssuer] = []
        guard let list = members["issuers"]?.array, (1...Self.maxIssuers).contains(list.count) else {
            throw MemberFault("This must be a list of 1 to \(Self.maxIssuers) issuers.", at: JSONPointer(["issuers"]))
        }
        for (index, entry) in list.enumerated() {
            do throws(MemberFault) {
                let issuer = try IssuerReader(entry, folder: folder, isRole: isRole).issuer()
                if issuers.contains(where: { $0.name == issuer.name }) {
                    throw MemberFault("Another issuer has this name.", at: JSONPointer(["name"]))
                }
                if issuers.contains(where: { $0.issuer == issuer.issuer }) {
                    throw MemberFault("This issuer is named twice.", at: JSONPointer(["issuer"]))
                }
                issuers.append(issuer)
            } catch { throw error.below(JSONPointer(["issuers"]).appending(index)) }
        }
        self.issuers = issuers
    }
}

/// What is wrong with a file of issuers: a clause for whoever wrote it, with the place, without anything secret.
package struct IssuersFault: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
