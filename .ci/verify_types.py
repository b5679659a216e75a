"""Fails unless pyright knows nearly all types of the public interface: what an editor shows of a name depends on it."""

import importlib.util
import json
import os
import subprocess
import sys

MINIMUM = 0.95
OPTIONS = ("--verifytypes", "xmedia", "--ignoreexternal")

[package] = importlib.util.find_spec("xmedia").submodule_search_locations
packages = os.path.dirname(package)
done = subprocess.run(
    [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, *OPTIONS],
    capture_output=True,
    text=True,
    check=False,
    # Editable installations are found by this only.
    env={**os.environ, "PYTHONPATH": packages},
)
report = json.loads(done.stdout)["typeCompleteness"]
for symbol in report["symbols"]:
    if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]:
        print(symbol["name"], *{each["message"] for each in symbol["diagnostics"]}, sep="\n    ")
score = report["completenessScore"]
print(f"types: {score:.1%} known")
sys.exit(score < MINIMUM)
