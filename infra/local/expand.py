"""Expands SAM templates as CloudFormation does, without an account.

A JSON list on standard input: templates, or the paths of files that hold one. On standard output the list of what they
expand to, or of {"error": text} for one that cannot be expanded.
"""

import json
import logging
import os
import pathlib
import re
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

# Any: what is expanded names no region.
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
# It warns of a feature toggle that needs an account.
logging.disable(logging.CRITICAL)


class NoManagedPolicies:
    """No function asks for one by name, and asking AWS which there are would need an account."""

    def load(self):
        return {}


def expand(template):
    if isinstance(template, str):
        template = yaml_parse(pathlib.Path(template).read_text())
    for resource in template["Resources"].values():
        code = resource.get("Properties", {}).get("CodeUri")
        if code:
            # As packaging does: the built folder becomes an object.
            resource["Properties"]["CodeUri"] = re.sub(r"^build/([a-z-]+)/$", r"s3://artifacts/\1.zip", code)
    try:
        return transform(template, {}, NoManagedPolicies())
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller shows it
        return {"error": f"{type(error).__name__}: {error}"}


json.dump([expand(template) for template in json.load(sys.stdin)], sys.stdout)
