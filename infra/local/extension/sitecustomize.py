"""What the emulator lacks, added from outside while it starts (this folder is on its PYTHONPATH).

Each patch names the deviation it mends, has its row in docs/emulator-deviations.md, and goes when the emulator no
longer needs it. They touch internals, so the emulator's version is pinned in ../requirements.txt.
"""

import asyncio.base_events
import base64
import functools
import importlib.abc
import importlib.util
import json
import os
import signal
import socketserver
import sys
import threading
import time
import uuid

# The Runtime API answers in two small writes; with Nagle's algorithm each warm invoke waits 50 ms for the second.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

STOPPING = threading.Event()


async def _wait_closed(_server):
    """The server has closed its port: from here on nothing more is polled, so that what is saved is of one piece.

    The original waits (from Python 3.12 on) until every client has hung up, which an idle connection never does.
    """
    STOPPING.set()


asyncio.base_events.Server.wait_closed = _wait_closed


def _watch_parent(parent):
    """Ends this process and the functions it started when the process that started it is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)  # saves the state first
    time.sleep(15)
    os.killpg(0, signal.SIGKILL)


_parent = os.environ.pop("CROSSDOCK_PARENT", None)
if _parent:
    threading.Thread(target=_watch_parent, args=(int(_parent),), daemon=True).start()


def _app(app):
    """State is saved while functions still run: a write could be missing whose message is already deleted."""
    save_all = app.save_all

    def save(services):
        from ministack.core import lambda_runtime
        from ministack.services import lambda_svc

        lambda_runtime.reset()  # as if each function's process were killed: its messages come back
        ends = time.monotonic() + 3
        while lambda_svc._esm_inflight and time.monotonic() < ends:
            time.sleep(0.02)
        save_all(services)
        os._exit(0)

    app.save_all = save


def _dynamodb(ddb):
    """Stream records are not saved but the readers' positions are: after a restart every reader would skip as many
    new records as it had read before."""
    get_state, restore = ddb.get_state, ddb._restore_state

    def get():
        return {**get_state(), "stream_records": ddb._stream_records, "stream_trimmed": ddb._stream_trimmed,
                "stream_seq": ddb._stream_seq_counter}

    def put(data):
        restore(data)
        ddb._stream_records.update((data or {}).get("stream_records", {}))
        ddb._stream_trimmed.update((data or {}).get("stream_trimmed", {}))
        ddb._stream_seq_counter = (data or {}).get("stream_seq", 0)

    ddb.get_state, ddb._restore_state = get, put


def _lambda(svc):
    """Partial failures of a stream batch are ignored: the failed records would be lost. Here such a batch is
    delivered again as a whole, which is more than AWS does (it starts at the first failed record)."""
    execute, poll_sqs, poll_streams = svc._execute_function, svc._poll_sqs, svc._poll_dynamodb_streams

    def execute_function(func, event, *args, **kwargs):
        result = execute(func, event, *args, **kwargs)
        records = event.get("Records") if isinstance(event, dict) else None
        if records and records[0].get("eventSource") == "aws:dynamodb" and not result.get("error"):
            body = result.get("body")
            body = json.loads(body) if isinstance(body, str) and body.startswith("{") else body
            if isinstance(body, dict) and body.get("batchItemFailures"):
                failed = {"errorType": "PartialBatch", "errorMessage": "records of the batch failed; it comes again"}
                return {**result, "error": True, "body": failed}
        return result

    svc._execute_function = execute_function
    svc._poll_sqs = lambda: not STOPPING.is_set() and poll_sqs()
    svc._poll_dynamodb_streams = lambda: not STOPPING.is_set() and poll_streams()


def _locked(module, lock, *names):
    for name in names:
        original = getattr(module, name)

        def call(*args, _original=original, **kwargs):
            with lock:
                return _original(*args, **kwargs)

        setattr(module, name, functools.wraps(original)(call))


# Re-entrant: the functions under it call each other.
QUEUES_LOCK = threading.RLock()


def _eventbridge(eb):
    """A message put by a rule does not wake the poller, which then looks only once a second."""
    _locked(eb, QUEUES_LOCK, "_dispatch_to_sqs")
    dispatch = eb._dispatch_to_sqs

    def dispatch_and_wake(*args, **kwargs):
        from ministack.core.concurrency import esm_wake

        dispatch(*args, **kwargs)
        esm_wake.set()

    eb._dispatch_to_sqs = dispatch_and_wake


def _s3(s3):
    _locked(s3, QUEUES_LOCK, "_deliver_event_to_sqs")


def _iam(iam):
    """The batch requests of SQS are checked as actions of their own, which IAM does not know: there the permission for
    the single request (`sqs:SendMessage`) is the one for the batch."""
    extract = iam.extract_iam_action

    def extract_action(*args, **kwargs):
        action = extract(*args, **kwargs)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam.extract_iam_action = extract_action


def _sqs(sqs):
    """Two threads rebuild a queue's list of messages without a lock: a message sent in between would be lost.
    And the move tasks (what the console's redrive button starts) are missing."""
    sqs._queues_lock = QUEUES_LOCK
    _locked(sqs, QUEUES_LOCK, "_expire_retained", "_dlq_sweep", "_collect_msgs", "_act_send_message",
            "_act_delete_message", "_act_change_visibility", "_act_delete_message_batch", "_act_send_message_batch",
            "_act_change_visibility_batch", "_act_purge_queue")
    for action, handler in list(sqs._HANDLERS.items()):
        sqs._HANDLERS[action] = getattr(sqs, handler.__name__)

    tasks = {}

    def queue(arn):
        found = sqs._queue_by_arn(arn)
        if found is None:
            raise sqs._Err("ResourceNotFoundException", "The resource that you specified doesn't exist.")
        return found

    def sources(arn):
        def target(q):
            return json.loads(q["attributes"].get("RedrivePolicy") or "{}").get("deadLetterTargetArn")

        return [q for q in sqs._queues.values() if target(q) == arn]

    def move_one(task, dead, into):
        """One visible message, or False: messages in flight stay, as on AWS."""
        with QUEUES_LOCK:
            now = time.time()
            message = next((m for m in dead["messages"] if m["visible_at"] <= now), None)
            if message is None:
                return False
            system = {k: v for k, v in (message.get("sys") or {}).items() if k != "DeadLetterQueueSourceArn"}
            system["SentTimestamp"] = str(int(now * 1000))
            came_from = (message.get("sys") or {}).get("DeadLetterQueueSourceArn")
            target = into or (came_from and sqs._queue_by_arn(came_from)) or sources(task["SourceArn"])[0]
            dead["messages"].remove(message)
            target["messages"].append(dict(message, id=str(uuid.uuid4()), sys=system, sent_at=now, visible_at=now,
                                           enqueued_at=now, receive_count=0, receipt_handle=None,
                                           first_receive_at=None))
        task["ApproximateNumberOfMessagesMoved"] += 1
        sqs.esm_wake.set()
        return True

    async def run(task, dead, into, rate):
        while task["Status"] == "RUNNING" and not STOPPING.is_set():
            if not move_one(task, dead, into):
                task["Status"] = "COMPLETED"
                return
            await asyncio.sleep(1 / rate if rate else 0)
        task["Status"] = "CANCELLED"

    def start(data, _url):
        arn, rate = data["SourceArn"], data.get("MaxNumberOfMessagesPerSecond")
        dead, into = queue(arn), queue(data["DestinationArn"]) if data.get("DestinationArn") else None
        if not sources(arn):
            raise sqs._Err("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        if any(t["SourceArn"] == arn and t["Status"] == "RUNNING" for t in tasks.values()):
            raise sqs._Err("UnsupportedOperation", "There is already a task running. Only one active task is allowed"
                           " for a source queue arn at a given time.")
        handle = base64.b64encode(json.dumps({"taskId": str(uuid.uuid4()), "sourceArn": arn}).encode()).decode()
        tasks[handle] = {"TaskHandle": handle, "Status": "RUNNING", "SourceArn": arn,
                         "ApproximateNumberOfMessagesMoved": 0,
                         "ApproximateNumberOfMessagesToMove": len(dead["messages"]),
                         "StartedTimestamp": int(time.time() * 1000),
                         **({"MaxNumberOfMessagesPerSecond": rate} if rate else {}),
                         **({"DestinationArn": data["DestinationArn"]} if into else {})}
        asyncio.ensure_future(run(tasks[handle], dead, into, rate))
        return {"TaskHandle": handle}

    def listed(data, _url):
        """A handle is shown for a running task only."""
        queue(data["SourceArn"])
        of = [t for t in reversed(list(tasks.values())) if t["SourceArn"] == data["SourceArn"]]
        return {"Results": [{k: v for k, v in t.items() if k != "TaskHandle" or t["Status"] == "RUNNING"}
                            for t in of[: int(data.get("MaxResults", 1))]]}

    def cancel(data, _url):
        task = tasks.get(data["TaskHandle"])
        if task is None or task["Status"] != "RUNNING":
            raise sqs._Err("ResourceNotFoundException", "Task does not exist.")
        task["Status"] = "CANCELLING"
        return {"ApproximateNumberOfMessagesMoved": task["ApproximateNumberOfMessagesMoved"]}

    def list_sources(data, url):
        arn = sqs._get_q(data.get("QueueUrl", url))["attributes"]["QueueArn"]
        return {"queueUrls": [sqs._queue_url(q["attributes"]["QueueArn"].split(":")[-1]) for q in sources(arn)]}

    sqs._HANDLERS.update({"StartMessageMoveTask": start, "ListMessageMoveTasks": listed,
                          "CancelMessageMoveTask": cancel, "ListDeadLetterSourceQueues": list_sources})


def _permissions(evaluator):
    """Mends nothing: notes in the data directory (where the emulator runs) what each role asked for, so that the
    end-to-end tests can hold it against what the template grants. A line for each role, action, resource, answer."""
    evaluate, enforce, asked = evaluator.evaluate, evaluator.enforce, set()

    def note(*what):
        line = json.dumps(what)
        if line not in asked:
            asked.add(line)
            with open("permissions.jsonl", "a") as file:
                file.write(line + "\n")

    def noted_evaluate(ctx, *args):
        """Policies of the role, and after them those of the resource, which say nothing of roles."""
        result = evaluate(ctx, *args)
        if result.decision == "Allow":
            note(ctx.principal_arn, ctx.action, ctx.resource_arn, result.decision)
        return result

    def noted_enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        if isinstance(denied, evaluator.EvalResult):
            note(denied.principal_arn, iam_action, resource_arn, denied.decision)
        return denied

    evaluator.evaluate, evaluator.enforce = noted_evaluate, noted_enforce


PATCHES = {
    "ministack.app": _app,
    "ministack.services.dynamodb": _dynamodb,
    "ministack.services.eventbridge": _eventbridge,
    "ministack.services.lambda_svc": _lambda,
    "ministack.services.s3": _s3,
    "ministack.services.sqs": _sqs,
    "ministack.core.iam_actions": _iam,
    "ministack.core.iam_evaluator": _permissions,
}


class _Finder(importlib.abc.MetaPathFinder):
    """Applies a module's patch right after the module has run."""

    def find_spec(self, name, path, target=None):
        patch = PATCHES.get(name)
        if patch is None:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                patch(module)

            spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Finder())
