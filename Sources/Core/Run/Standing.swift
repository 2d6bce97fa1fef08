/// Where a run and its steps stand: all that an operator's request is judged by (`canRetry` and `canResolve` in
/// Standing+Requests.swift).
///
/// A `Run` is judged by whoever decides, the rows of one, without their payloads, by whoever lets requests in: by one rule.
package protocol Standing {
    var status: RunStatus { get }
    /// It is FAILED because it could not be processed.
    var isQuarantined: Bool { get }
    /// In the order of the definition.
    var steps: [Step] { get }
}

extension Run: Standing {}
