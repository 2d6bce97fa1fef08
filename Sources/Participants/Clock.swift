internal import Glibc

/// The wall clock, needed only to turn the date of a `Retry-After` into a wait.
func secondsSince1970() -> Int64 {
    Int64(time(nil))
}
