package import Core
package import Postgres

extension EngineID {
    /// The id as the driver sends it.
    package var uuid: PGUUID { PGUUID(high: high, low: low) }

    /// The id as the driver read it.
    package init(_ uuid: PGUUID) { self.init(high: uuid.high, low: uuid.low) }
}

extension RowReader {
    /// The next column, a uuid, as an engine's id.
    package mutating func engineID() throws(PostgresError) -> EngineID { EngineID(try uuid()) }

    /// The next column, a uuid or null, as an engine's id.
    package mutating func engineIDOrNil() throws(PostgresError) -> EngineID? { try uuidOrNil().map { EngineID($0) } }
}
