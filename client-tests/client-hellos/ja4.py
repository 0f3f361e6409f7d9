"""Notes the JA4 of each collected ClientHello as an independent program reads it: pip install ja4plus==1.4.0"""

import json
import pathlib

from ja4plus import generate_ja4
from ja4plus.utils.tls_utils import parse_tls_handshake

FILE = pathlib.Path(__file__).parent / "hellos.json"

hellos = json.loads(FILE.read_text())
for hello in hellos:
    hello["ja4"] = generate_ja4(parse_tls_handshake(bytes.fromhex(hello["hello"])))
FILE.write_text(json.dumps(hellos, indent=2) + "\n")
