"""Packages the built functions and deploys template.yaml to the local stack.

The same as `aws cloudformation package` and `deploy`, without the second that each start of the AWS command takes.
One argument, a JSON object: endpoint, region, stack, template, build, parameters. Prints one JSON object a line:
{"progress": text} any number of times, then {"outputs": {...}} or {"error": text}.
"""

import hashlib
import io
import json
import pathlib
import re
import sys
import time
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = "crossdock-artifacts"
WAIT_SECONDS_MAX = 180


def say(**line):
    print(json.dumps(line), flush=True)


def package(bootstrap):
    """Stored, not deflated: on one machine the time counts, not the size. The date is fixed, so the same binary
    gives the same bytes."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o100755 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(entry, bootstrap)
    return buffer.getvalue()


def describe(cloudformation, stack):
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def settle(cloudformation, stack):
    ends = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < ends:
        found = describe(cloudformation, stack)
        if found is None or not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found
        time.sleep(0.2)
    raise SystemExit(f"the stack did not settle within {WAIT_SECONDS_MAX} s")


def why(cloudformation, stack):
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}" for e in reversed(events)
              if e["ResourceStatus"].endswith("_FAILED")]
    return "; ".join(failed) or "no reason given"


def main():
    order = json.loads(sys.argv[1])
    build, stack = pathlib.Path(order["build"]), order["stack"]
    config = Config(retries={"max_attempts": 0}, read_timeout=WAIT_SECONDS_MAX, s3={"addressing_style": "path"})
    session = boto3.Session(aws_access_key_id=order["access_key"], aws_secret_access_key=order["secret_key"],
                            region_name=order["region"])
    cloudformation, s3 = (session.client(name, endpoint_url=order["endpoint"], config=config)
                          for name in ("cloudformation", "s3"))

    template = pathlib.Path(order["template"]).read_text()
    functions = re.findall(r"CodeUri: build/([a-z-]+)/\n", template)
    hashes = {}
    for name in functions:
        with (build / name / "bootstrap").open("rb") as file:
            hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    # What is deployed is written on the stack, which is saved with it: nothing to do if it is the same.
    version = hashlib.sha256(json.dumps([template, order["parameters"], hashes], sort_keys=True).encode()).hexdigest()
    deployed = settle(cloudformation, stack)
    tags = {t["Key"]: t["Value"] for t in (deployed or {}).get("Tags", [])}
    if deployed and deployed["StackStatus"].endswith("_COMPLETE") and tags.get("version") == version:
        say(progress="the deployment is up to date")
        return deployed

    s3.create_bucket(Bucket=BUCKET)
    keys = {name: f"{name}-{hashes[name]}.zip" for name in functions}
    for number, name in enumerate(functions, 1):
        say(progress=f"packaging {name} ({number} of {len(functions)})")
        s3.put_object(Bucket=BUCKET, Key=keys[name], Body=package((build / name / "bootstrap").read_bytes()))
        template = template.replace(f"CodeUri: build/{name}/\n", f"CodeUri: s3://{BUCKET}/{keys[name]}\n")

    say(progress="deploying template.yaml")
    act = cloudformation.create_stack if deployed is None else cloudformation.update_stack
    # By its address, as `aws cloudformation deploy --s3-bucket` does: a template in the call has 51,200 bytes at most.
    s3.put_object(Bucket=BUCKET, Key="template.yaml", Body=template.encode())
    act(StackName=stack, TemplateURL=f"{order['endpoint']}/{BUCKET}/template.yaml",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in sorted(order["parameters"].items())],
        Tags=[{"Key": "version", "Value": version}])
    deployed = settle(cloudformation, stack)
    # The emulator keeps each function's code itself.
    for key in [*keys.values(), "template.yaml"]:
        s3.delete_object(Bucket=BUCKET, Key=key)
    if deployed is None or deployed["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise SystemExit(f"{deployed and deployed['StackStatus']}: {why(cloudformation, stack)}")
    return deployed


try:
    final = main()
    say(outputs={o["OutputKey"]: o["OutputValue"] for o in final.get("Outputs", [])})
except SystemExit as error:
    say(error=str(error))
    raise SystemExit(1) from error
except Exception as error:  # noqa: BLE001 - whatever it is, the caller shows it
    say(error=f"{type(error).__name__}: {error}")
    raise SystemExit(1) from error
