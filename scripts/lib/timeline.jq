# Reads the answer of GET /v1/runs/{runId}/events and prints it as a timeline, one line for each thing that happened.
# $colour: true on a terminal. Times are seconds since the run's first event.

def paint(code): if $colour then "\u001b[\(code)m\(.)\u001b[0m" else . end;
def green: paint("32");
def red: paint("31");
def yellow: paint("33");
def cyan: paint("36");
def dim: paint("2");
def bold: paint("1");

# Pads by characters, so that signs beyond ASCII keep the columns straight.
def left(width): . + (" " * ([width - length, 0] | max) // "");
def right(width): (" " * ([width - length, 0] | max) // "") + .;

# Seconds since 1970 of "2026-01-02T03:04:05.678901Z".
def seconds:
    capture("^(?<whole>[^.Z]+)(\\.(?<part>[0-9]+))?Z$")
    | (.whole + "Z" | fromdateiso8601) + ((("0." + (.part // "0")) | tonumber));

# A number with exactly `digits` decimals, which jq's own tostring does not keep.
def fixed(digits):
    pow(10; digits) as $scale
    | ((. * $scale) | round) as $units
    | (if $units < 0 then "-" else "" end)
        + ((($units | fabs) / $scale | floor) | tostring)
        + (if digits > 0 then "." + (("000000" + ((($units | fabs) % $scale) | tostring))[-digits:]) else "" end);

def duration: if . == null then "" elif . >= 1000 then "\(. / 1000 | fixed(2)) s" else "\(fixed(1)) ms" end;

def plain: if . == null then "" elif type == "string" then . else (.detail? // .message? // .title? // tojson) end;
def clipped: gsub("[\\x00-\\x1f\\x7f]+"; " ") | if length > 90 then .[:89] + "…" else . end;

# The line of one call's end: sign, step, attempt, status, duration, remark.
def call($width; sign; remark):
    sign + " "
    + ((.stepId // "") | left($width))
    + "  " + ("attempt \(.attempt // 1)" | left(10))
    + "  " + ((.httpStatus // (.outcome // "")) | tostring | left(8))
    + "  " + (.durationMs | duration | right(9))
    + (remark | if . == "" then "" else "  " + . end);

def failure:
    [ (if .httpStatus != null then .outcome else null end), (.error | plain | clipped),
      (if .retryInMs != null then "again in " + (.retryInMs | duration) else null end) ]
    | map(select(. != null and . != "")) | join(", ");

def step($width; sign; text): sign + " " + ((.stepId // "") | left($width)) + "  " + text;
def because: ((.error // .data.reason? // .data.error?) | plain | clipped) | if . == "" then "" else ": " + . end;

def line($width):
    if .kind == "run_started" then "● run started" | bold
    elif .kind == "attempt_started" then empty
    elif .kind == "attempt_succeeded" and .action == "compensate" then call($width; "↩" | yellow; "compensated" | yellow)
    elif .kind == "attempt_succeeded" then call($width; "✓" | green; "")
    elif .kind == "attempt_failed" and .action == "compensate" then call($width; "✗" | red; "compensation: " + failure | red)
    elif .kind == "attempt_failed" then call($width; "✗" | red; failure | red)
    elif .kind == "step_skipped" then step($width; "○"; "skipped, its condition is false") | dim
    elif .kind == "step_abandoned" then step($width; "○"; "not started any more") | dim
    elif .kind == "cancel_requested" then "■ cancel requested\(because)" | yellow
    elif .kind == "deadline_exceeded" then "■ the run's deadline has passed" | yellow
    elif .kind == "run_compensating" then "↩ compensating in reverse order\(because)" | yellow
    elif .kind == "retry_requested" then step($width; "●"; "an operator asked for another try")
    elif .kind == "run_completed" then "● COMPLETED" | green | bold
    elif .kind == "run_compensated" then "● COMPENSATED" | yellow | bold
    elif .kind == "run_cancelled" then "● CANCELLED" | yellow | bold
    elif .kind == "run_failed" then "● FAILED: a compensation is exhausted\(because)" | red | bold
    else step($width; "·"; .kind) | dim
    end;

.events
| (if length == 0 then error("the run has no events") else . end)
| ([.[].stepId // "" | length] | max) as $longest
| (.[0].at | seconds) as $start
| .[]
| (("+" + (((.at | seconds) - $start) | fixed(3)) + "s") | right(10) | dim) + "  " + line($longest)
