import Core
package import Postgres

extension ClaimRuns {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.int64(Int64(limit))
        parameters.int64(lease.microseconds)
        parameters.timestamp(since.microseconds)
        parameters.int64(Int64(room))
    }
}
