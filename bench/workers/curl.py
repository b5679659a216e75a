"""`curl.py PATH SEGMENT_BYTES URL [CA_FILE]`: the same APPENDs by one curl process, `-F` each, on one connection."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

path, segment, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
tls = ["--tlsv1.3", "--cacert", sys.argv[4]] if len(sys.argv) > 4 else []
with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
    # curl sends whole files only, so each segment is one. Making them is not measured.
    arguments: list[str] = []
    with open(path, "rb") as file:
        index = 0
        while data := file.read(segment):
            part = os.path.join(folder, str(index))
            with open(part, "wb") as piece:
                piece.write(data)
            arguments += ["--next"] if index else []
            arguments += [*tls, "-s", "-H", "Expect:", "-F", "command=APPEND", "-F", "media_id=1"]
            arguments += ["-F", f"segment_index={index}", "-F", f"media=@{part}", f"{url}/1.1/media/upload.json"]
            index += 1
    began = time.perf_counter()
    subprocess.run(["curl", *arguments], check=True, stdout=subprocess.DEVNULL)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "calls": os.path.getsize(path) / 1e9,
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.perf_counter() - began,
        "growth_mib": usage.ru_maxrss / 1024,
    }
    print(json.dumps(result), flush=True)
