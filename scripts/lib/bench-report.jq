# The table of scripts/bench, and its JSON, made of what the phases measured. --arg form table or json.

# A number with n decimals, which jq by itself does not keep.
def places(n): (. * pow(10; n) | round) as $v
    | if n == 0 then "\($v)"
      else (if $v < 0 then "-" else "" end) + ($v | fabs) as $a
        | "\($a / pow(10; n) | floor).\("000\($a % pow(10; n))"[-n:])" end;
def grouped: (round | tostring) as $s
    | if ($s | length) > 3 then ($s[:-3] | tonumber | grouped) + "," + $s[-3:] else $s end;
def median: sort | .[length / 2 | floor];
def medians(f): map(f) | median;
def ms: places(1);
def pair: "\(.p50 | ms) / \(.p99 | ms) ms";
def mib: . / 1048576 | places(0);
def listed: map(places(0)) | join(", ");

# CPU of API, engine and Postgres, as a multiple of the participant's. The participant does the same all the time: what it
# costs tells how fast the machine was meanwhile, and what is relative to it does not change with the machine.
def relative: medians(.cpu_us_per_saga | (.api + .engine + .postgres) / .participant) | places(1);

# A row: what, what came of it, the goal, whether it is reached (null: there is no goal, or it was not measured).
def row(name; text; goal; reached): {figure: name, measured: text, goal: goal, reached: reached};
# The rows of a phase, or one for each name that says that it was not measured.
def phase(value; rows; names):
    value as $v
    | if $v == null then names[] | row(.; "not measured"; ""; null)
      elif $v.not_measured then names[] | row(.; "not measured: " + $v.not_measured; ""; null)
      else $v | rows end;

def throughput_rows(root):
    medians(.sagas_per_second) as $rate
    | row("three-step sagas/s, end to end, \(.[0].runs | grouped) runs";
        "\($rate | grouped) (median of \(map(.sagas_per_second) | listed))"; "≥ 3,000"; $rate >= 3000),
      (root.floor // empty | ($rate / .sagas_per_second) as $ratio
        | row("ratio to the floor, pgbench alone"; "\($ratio | places(2)) of \(.sagas_per_second | grouped)/s";
            "≥ 0.33"; $ratio >= 0.33)),
      (medians(.cpu_us_per_saga.system) as $cpu
        | row("CPU per saga: API + engine + Postgres";
            "\(medians(.cpu_us_per_saga.api) | places(0)) + \(medians(.cpu_us_per_saga.engine) | places(0)) + "
            + "\(medians(.cpu_us_per_saga.postgres) | places(0)) = \($cpu | places(0)) µs"; "≤ 450 µs"; $cpu <= 450)),
      row("  beside it: participant, load generator";
        "\(medians(.cpu_us_per_saga.participant) | places(0)), \(medians(.cpu_us_per_saga.load) | places(0)) µs; "
        + "the three are \(relative) × the participant"; ""; null);

# No collapse: at twice what the system can do, it does no less than 0.8 of the best it did at any load.
def sweep_rows(root):
    ([.offers[].completed_per_second] + [root.throughput // empty | .rounds | medians(.sagas_per_second)] | max) as $best
    | (.offers[-1].completed_per_second / $best) as $share
    | .offers[]
    | "\(.share)× (\(.offered_per_second | grouped)/s)" as $load
    | row("completed/s while \($load) are offered";
        "\(.completed_per_second | grouped)"
        + (if .refused + .unsent > 0 then ", \(.refused | grouped) × 503, \(.unsent | grouped) not taken" else "" end)
        + (if .share == 2 then "; \($share | places(2)) of the best" else "" end);
        if .share == 2 then "≥ 0.8 of the best" else "" end; if .share == 2 then $share >= 0.8 else null end);

def overhead_row:
    .offers[0].overhead_ms_per_step as $own
    | row("overhead per step under half load, mean"; "\($own | places(2)) ms"; "< 10 ms"; $own < 10);

def scaling_rows:
    def of(n): map(select(.engines == n));
    def told(key): [.[].claims | if .claims == null then null else .[key] end]
        | if any(. == null) then "not told" else add | grouped end;
    def shares: if any(.[]; .claims.claims == null) then "not told"
        else "\(map(.claims.empty) | add | grouped) empty, \(map(.claims.collided) | add | grouped) collided of "
            + "\(map(.claims.claims) | add | grouped)" end;
    (of(1) | medians(.cpu_us_per_saga.system)) as $one | (of(4) | medians(.cpu_us_per_saga.system)) as $four
    | row("1 → 4 engines: CPU per saga, no call doubled";
        "\($one | places(0)) → \($four | places(0)) µs, \($four / $one | places(2)) ×"; "≤ 1.1 ×"; $four <= 1.1 * $one),
      row("  their sagas/s; CPU, × the participant's"; "\(of(1) | medians(.sagas_per_second) | grouped) → "
        + "\(of(4) | medians(.sagas_per_second) | grouped); \(of(1) | relative) → \(of(4) | relative)"; ""; null),
      row("  claims of 1 engine"; of(1) | shares; ""; null),
      row("  claims of 4 engines"; of(4) | shares; ""; null);

def history_rows:
    def of(n): .rounds | map(select(.database == n));
    def rate: medians(.sagas_per_second);
    (of("history") | rate) as $full | (of("empty") | rate) as $empty
    | row("with \(.finished_runs | grouped) finished runs / without";
        "\($full / $empty | places(2)): \($full | grouped) / \($empty | grouped) sagas/s, \(.size)"; "≥ 0.9";
        $full / $empty >= 0.9),
      row("  their CPU, × the participant's"; "\(of("history") | relative) / \(of("empty") | relative)"; ""; null);

def snapshot_rows:
    [.before, .held, .after] as $loops
    | ($loops | map(medians(.sagas_per_second))) as [$before, $held, $after]
    | row("at the end of an old snapshot of \(.seconds) s / before";
        "\($held / $before | places(2)): \($held | grouped) / \($before | grouped) sagas/s, "
        + "\(.dead_rows | grouped) dead rows"; "≥ 0.8"; $held / $before >= 0.8),
      row("  after it / before";
        "\($after / $before | places(2)): \($after | grouped), vacuumed "
        + (if .vacuum_seconds then "after \(.vacuum_seconds | places(0)) s" else "not yet" end);
        "recovers: ≥ 0.9"; $after / $before >= 0.9 and .vacuum_seconds != null),
      row("  CPU before, at the end, after, × the participant's"; $loops | map(relative) | join(", "); ""; null);

# Pages and the allocator make a few bytes a run either way; an entry of a table would be more than this.
def memory_rows:
    (.in_flight | row("engine memory, \(.calls_open | grouped) runs in calls";
        "\(.during_bytes | mib) MiB, at most \(.during_peak_bytes | mib) MiB (idle \(.before_bytes | mib), "
        + "when all are answered \(.peak_bytes | mib))";
        "≤ 150 MiB"; .during_peak_bytes <= 150 * 1048576)),
    (.waiting | row("  and for each run that waits"; "\(.bytes_per_run | places(0)) bytes (\(.runs | grouped) waiting)";
        "0 (± 64)"; .bytes_per_run <= 64));

def takeover_rows(lease):
    row("takeover of \(.leases_held | grouped) runs after SIGKILL, lease \(lease) s";
        "\(.takeover_seconds | places(2)) s, all completed after \(.completed_seconds | places(1)) s";
        "≤ lease + 2 s"; .takeover_seconds <= lease + 2),
    row("  no stampede: peak connections, calls/s";
        "\(.participant.connections_peak | grouped), \(.participant.calls_per_second_peak | grouped)/s";
        # The measuring program has one of its own.
        "≤ \(.engine_connections) connections"; .participant.connections_peak <= .engine_connections + 4),
    row("  other API calls meanwhile, p99"; "\(.other_calls.all_ms.p99 | ms) ms"; "≤ 250 ms";
        .other_calls.all_ms.p99 <= 250 and .other_calls.failures == 0);

def burst_rows:
    (.rounds | map(.others | add // 0) | add) as $others
    | (.rounds | map(.other_calls.all_ms.p99)) as $p99
    | row("burst of \(.starts | grouped) starts at once: answered 202 or 503";
        "\(.rounds | map(.accepted) | add | grouped) × 202, \(.rounds | map(.refused) | add | grouped) × 503, "
        + "\($others) others (\(.rounds | length) bursts)"; "all"; $others == 0),
      row("  API memory before / peak / after, each burst";
        .rounds | map("\(.before_bytes | mib) / \(.peak_bytes | mib) / \(.after_bytes | mib)") | join(", ") + " MiB";
        "flat: last peak ≤ 1.1 × first"; .rounds[-1].peak_bytes <= 1.1 * .rounds[0].peak_bytes),
      row("  other API calls meanwhile, p99"; "\($p99 | max | ms) ms (worst of \($p99 | listed))"; "≤ 250 ms";
        ($p99 | max) <= 250 and (.rounds | all(.other_calls.failures == 0)));

def rows:
    . as $all
    | phase(.throughput; .rounds | throughput_rows($all);
        ["three-step sagas/s, end to end", "CPU per saga: API + engine + Postgres"]),
      (if .throughput == null or .floor == null
        then row("ratio to the floor, pgbench alone"; "not measured"; ""; null) else empty end),
      phase(.sweep; sweep_rows($all); ["completed/s by offered load"]),
      phase(.latency;
        row("start → accepted, idle, p50 / p99"; .accept_ms | pair; ""; null),
        row("start → finished, idle, p50 / p99"; .finish_ms | pair; "≤ 8 / 20 ms";
            .finish_ms.p50 <= 8 and .finish_ms.p99 <= 20);
        ["start → finished, idle, p50 / p99"]),
      phase(.sweep; overhead_row; ["overhead per step under half load, mean"]),
      phase(.compensated; .rounds | medians(.sagas_per_second) as $rate
        | row("compensated sagas/s"; "\($rate | grouped) (median of \(map(.sagas_per_second) | listed))"; "≥ 1,800";
            $rate >= 1800);
        ["compensated sagas/s"]),
      phase(.scaling; .rounds | scaling_rows; ["1 → 4 engines: CPU per saga, no call doubled"]),
      phase(.history; history_rows; ["with finished runs / without"]),
      phase(.snapshot; snapshot_rows; ["at the end of an old snapshot / before"]),
      phase(.memory; memory_rows; ["engine memory, runs in calls", "  and for each run that waits"]),
      phase(.takeover; takeover_rows($all.lease_seconds); ["takeover after SIGKILL"]),
      phase(.burst; burst_rows; ["burst of starts at once"]);

# Aligned, and Markdown.
def table:
    def pad(n): . + " " * ([n - length, 0] | max);
    [{figure: "figure", measured: "measured", goal: "goal", reached: "reached"},
        (.[] | .reached |= if . == null then "" elif . then "yes" else "NO" end)]
    | (map(.figure | length) | max) as $a | (map(.measured | length) | max) as $b | (map(.goal | length) | max) as $c
    | (map("| \(.figure | pad($a)) | \(.measured | pad($b)) | \(.goal | pad($c)) | \(.reached | pad(7)) |")) as $lines
    | $lines[0], "|\("-" * ($a + 2))|\("-" * ($b + 2))|\("-" * ($c + 2))|---------|", $lines[1:][];

if $form == "table" then [rows] | table else . + {rows: [rows]} end
