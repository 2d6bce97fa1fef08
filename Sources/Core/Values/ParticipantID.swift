/// A participant: whose it is, and the name that definitions use. Everything that an engine knows of one is kept by this.
package struct ParticipantID: Sendable, Hashable {
    package let owner: Owner
    package let name: String

    package init(_ name: String, of owner: Owner) {
        self.owner = owner
        self.name = name
    }

    /// For whom a signed call is: the name of a shared one, `TENANT/NAME` of a tenant's own. Names have no slash, so no two
    /// participants are called the same.
    package var audience: String { owner.tenantID.map { "\($0)/\(name)" } ?? name }
}

extension ParticipantID: Comparable {
    /// Shared ones come first, then one tenant after the other.
    package static func < (first: ParticipantID, second: ParticipantID) -> Bool {
        switch (first.owner, second.owner) {
        case (.shared, .shared): first.name < second.name
        case (.shared, .tenant): true
        case (.tenant, .shared): false
        case (.tenant(let one), .tenant(let two)): (one, first.name) < (two, second.name)
        }
    }
}

/// Something of each participant, found as a call finds its participant: a tenant's own of a name wins over the shared one.
package struct ParticipantBook<Value: Sendable>: Sendable {
    private var shared: [String: Value] = [:]
    /// By tenant and name; empty in most installations, which then look for a name once.
    private var own: [String: [String: Value]] = [:]

    package init() {}

    package init(_ entries: some Sequence<(ParticipantID, Value)>) {
        for (id, value) in entries { self[id] = value }
    }

    /// What stands of this very participant.
    package subscript(id: ParticipantID) -> Value? {
        get {
            switch id.owner {
            case .shared: shared[id.name]
            case .tenant(let tenantID): own[tenantID]?[id.name]
            }
        }
        set {
            switch id.owner {
            case .shared: shared[id.name] = newValue
            case .tenant(let tenantID):
                own[tenantID, default: [:]][id.name] = newValue
                if own[tenantID]?.isEmpty == true { own[tenantID] = nil }
            }
        }
    }

    /// What stands of the participant that a tenant's calls find by this name.
    ///
    /// - Parameter tenantID: asked only where some tenant has participants of its own.
    package func found(_ name: String, by tenantID: @autoclosure () -> String) -> Value? {
        if !own.isEmpty, let value = own[tenantID()]?[name] { return value }
        return shared[name]
    }

    /// The same where nothing stands of a shared one: a participant that is not the tenant's own is taken to be shared.
    package func id(of name: String, for tenantID: String) -> ParticipantID {
        ParticipantID(name, of: own[tenantID]?[name] == nil ? .shared : .tenant(tenantID))
    }

    package var all: [(id: ParticipantID, value: Value)] {
        shared.map { (ParticipantID($0.key, of: .shared), $0.value) }
            + own.flatMap { tenantID, values in
                values.map { (ParticipantID($0.key, of: .tenant(tenantID)), $0.value) }
            }
    }
}
