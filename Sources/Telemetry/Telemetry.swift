// What a process tells about itself: logs (Logs/), metrics (Metrics/), traces (Traces/). Nothing here may block or fail
// the work it tells about.
