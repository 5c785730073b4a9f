"""Stands in for every function: notes what it gets, then does what it is told."""
import base64, json, os, time, urllib.parse, uuid
import boto3
SEEN, STACK = os.environ["SEEN"], os.environ["STACK"]
db, sqs = boto3.client("dynamodb"), boto3.client("sqs")

def first(tag, n):
    try:
        db.put_item(TableName=SEEN, Item={"pk": {"S": tag + "/done"}, "sk": {"S": str(n)}},
                    ConditionExpression="attribute_not_exists(pk)")
        return True
    except db.exceptions.ConditionalCheckFailedException:
        return False

def read(r):
    if r["eventSource"] == "aws:dynamodb":
        change = r["dynamodb"]
        body = change.get("NewImage", {}).get("events", {}).get("S", "[]")
        events = json.loads(body)
        note = {"source": "stream", "id": change["SequenceNumber"], "receives": 0}
        told = events[0]["data"] if events else {}
    else:
        body = r["body"]
        name = r["eventSourceARN"].split(":")[-1][len(STACK) + 1:]
        note = {"source": name, "id": r["messageId"],
                "receives": int(r["attributes"]["ApproximateReceiveCount"])}
        doc = json.loads(body)
        told = doc.get("data", doc)
        if "Records" in doc:
            key = urllib.parse.unquote_plus(doc["Records"][0]["s3"]["object"]["key"])
            told = {"tag": key.split("/")[1]}
    return told, {**note, "body": body, "tag": told.get("tag", ""), "at": r}

def handler(event, context):
    if "Records" not in event:
        return answer(event)
    told = [read(r) for r in event["Records"]]
    for tag in {n["tag"] for _, n in told if n["tag"]}:
        own = [{k: v for k, v in n.items() if k != "at"} for _, n in told if n["tag"] == tag]
        key = {"pk": {"S": tag}, "sk": {"S": "%020d-%s" % (time.time_ns(), uuid.uuid4())}}
        db.put_item(TableName=SEEN, Item={**key, "doc": {"S": json.dumps(own)}})
    failed = []
    for t, n in told:
        do = t.get("do", "ok")
        if do == "ok" or do != "fail" and not first(t["tag"], t["n"]):
            continue
        if do == "raise-once":
            raise RuntimeError("as it was told")
        if do == "hang-once":
            time.sleep(60)
        if do == "null-once":
            return None
        if do == "nameless-once":
            return {"batchItemFailures": [{"itemIdentifier": ""}]}
        if do == "postpone-once":
            url = sqs.get_queue_url(QueueName=STACK + "-" + n["source"])["QueueUrl"]
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=n["at"]["receiptHandle"],
                                          VisibilityTimeout=t["delay_s"])
        failed.append({"itemIdentifier": n["id"]})
    return {"batchItemFailures": failed}

def answer(event):
    body = event.get("body") or ""
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    do = event["headers"].get("x-do", "")
    if do == "raise":
        raise RuntimeError("words of the function")
    if do == "hang":
        time.sleep(60)
    if do == "bytes":
        return {"statusCode": 201, "headers": {"content-type": "application/octet-stream", "x-own": "yes"},
                "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    if do == "refuse":
        return {"statusCode": 422, "headers": {"content-type": "application/problem+json", "retry-after": "7"},
                "body": body.decode()}
    seen = {"method": event["requestContext"]["http"]["method"], "path": event["rawPath"],
            "headers": event["headers"], "body": base64.b64encode(body).decode()}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(seen)}
