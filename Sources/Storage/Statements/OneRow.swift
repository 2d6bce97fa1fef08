/// `column = value`, for a column of the outbox or the inbox, in words that can only be planned as a look-up of one row after
/// the other.
///
/// Both tables are empty now and then, and Postgres may vacuum them just then. A statement planned at that moment takes the
/// table for a single row, and finds it cheaper to read the whole of it and compare each row with the batch than to look up
/// each row of the batch; the plan stays with its connection, and when thousands of runs live, every statement reads all of
/// them. (Seen: 200 instead of 3,000 runs a second, for as long as the engine lived.) Such a plan needs a scan in the order
/// of the column, which is only considered where an equality could be merged; this one can't be.
func oneRow(_ column: String, _ value: String) -> String { "\(column) = ANY (ARRAY[\(value)])" }
