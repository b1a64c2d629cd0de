"""Trains for some steps on a serverless endpoint, in one job of a session.

    export BULKWAY_URL=https://gateway.example RUNPOD_API_KEY=rpa_… BULKWAY_ENDPOINT=…
    python train.py --session run-42 --steps 1000

The session's directory outlives the job: the next one, on whatever worker, goes on from the last
checkpoint. While a job has the session, this program waits for it.
"""

import argparse
import json
import os
import sys
import time

import runpod
from runpod.endpoint.runner import Job

#: Seconds for which a request may wait for a session, and a little more.
REQUEST_SECONDS = 130
FINAL = {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--session", required=True)
    options.add_argument("--steps", type=int, required=True, help="steps to go on for")
    options.add_argument("--every", type=int, default=50, help="steps between two checkpoints")
    options.add_argument("--seconds", type=int, default=600, help="longest time the job may run")
    options.add_argument("--json", action="store_true", help="print the job and its times as JSON")
    given = options.parse_args()

    endpoint_id = os.environ["BULKWAY_ENDPOINT"]
    runpod.api_key = os.environ["RUNPOD_API_KEY"]
    runpod.endpoint_url_base = os.environ["BULKWAY_URL"] + "/v2"
    client = runpod.Endpoint(endpoint_id).rp_client
    client.headers["Bulkway-Session"] = given.session

    sent = time.time()
    request = {
        "input": {"directory": "bulkway:session", "steps": given.steps, "every": given.every},
        "policy": {"executionTimeout": given.seconds * 1000},
    }
    answer = client.post(f"{endpoint_id}/run", request, timeout=REQUEST_SECONDS)
    answered = time.time()
    print(f"{answer['id']} after {answered - sent:.1f} s", file=sys.stderr, flush=True)

    job = Job(endpoint_id, answer["id"], client)
    while job.status() not in FINAL:
        time.sleep(0.3)
    known = time.time()
    state = client.get(f"{endpoint_id}/status/{answer['id']}")
    output = state.get("output") or {}
    if given.json:
        times = {"sent": sent, "answered": answered, "known": known}
        print(json.dumps({**state, "times": times}), flush=True)
    elif state["status"] == "COMPLETED":
        loss = output["history"][-1][1]
        print(f"{output['worker']}: steps {output['from']} to {output['to']}, loss {loss}")
    else:
        print(f"{state['status']}: {state.get('error', '')}")
    return 0 if state["status"] == "COMPLETED" else 1


if __name__ == "__main__":
    sys.exit(main())
