#!/usr/bin/env bash
# One look at the bench's cases with one check and durable results; run by a throughput bench with BENCH_CASES_FILE,
# BENCH_BASE_URL, BENCH_CONCURRENCY, BENCH_CASES and BENCH_OUT in the environment.
#   one_check.sh PYTHON
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$BENCH_OUT/golden"
ln -sf "$BENCH_CASES_FILE" "$BENCH_OUT/golden/cases.jsonl"
printf 'name: bench\nversion: "1"\nreviewed_by: [bench]\n' > "$BENCH_OUT/golden/set.yaml"
cat > "$BENCH_OUT/watchdog.yaml" <<YAML
version: 1
store: sqlite:///bench.db
owner: { team: bench }
providers:
  mock: { kind: openai, base_url: "$BENCH_BASE_URL", api_key: "\${MOCK_KEY:-none}", limits: { concurrency: $BENCH_CONCURRENCY, max_concurrency: $BENCH_CONCURRENCY } }
watches:
  bench:
    cases: { golden: golden }
    current: { provider: mock, model: mock, parameters: { max_tokens: 64 } }
    scorers: [contains]
YAML
# The other tools are installed, with their byte code; a checkout writes its own at the first run, where it may.
unset PYTHONDONTWRITEBYTECODE
PYTHONPATH="$here" exec "$1" -m eval_watchdog run bench --config "$BENCH_OUT/watchdog.yaml"
