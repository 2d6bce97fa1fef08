/// Which members or elements of one value some schema has looked at, for `unevaluatedProperties` and `unevaluatedItems`.
///
/// Only kept where somebody will ask.
struct Evaluated {
    let isWanted: Bool
    /// By place among the members or elements; empty as long as there is none.
    private var places: [Bool] = []
    /// All are.
    private(set) var isWhole = false

    init(isWanted: Bool = false) { self.isWanted = isWanted }

    func contains(_ place: Int) -> Bool { isWhole || places.indices.contains(place) && places[place] }

    mutating func insert(_ place: Int, of count: Int) {
        guard isWanted, !isWhole else { return }
        if places.isEmpty { places = Array(repeating: false, count: count) }
        places[place] = true
    }

    mutating func insertAll() { if isWanted { isWhole = true } }

    /// What merging costs at most, in bytes.
    var cost: Int { places.count }

    /// Adds what a schema for the same value has looked at.
    mutating func merge(_ other: Evaluated) {
        guard isWanted, !isWhole else { return }
        if other.isWhole {
            isWhole = true
        } else if places.isEmpty {
            places = other.places
        } else {
            for place in other.places.indices where other.places[place] { places[place] = true }
        }
    }
}
