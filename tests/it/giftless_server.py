"""Serves Git LFS from a folder, on a port that it prints: giftless, as it is.

usage: giftless_server.py FOLDER [tls]

With tls its certificate, which nobody has signed, lies in FOLDER/cert.pem.
"""

import logging
import os
import pathlib
import sys
import warnings

folder = pathlib.Path(sys.argv[1])
config = folder / "giftless.yaml"
config.write_text(
    f"""
AUTH_PROVIDERS: ["giftless.auth.allow_anon:read_write"]
TRANSFER_ADAPTERS:
  basic:
    factory: giftless.transfer.basic_streaming:factory
    options:
      storage_class: giftless.storage.local_storage:LocalStorage
      storage_options:
        path: {folder / "objects"}
"""
)
os.environ["GIFTLESS_CONFIG_FILE"] = str(config)
warnings.simplefilter("ignore")

from giftless.app import init_app  # noqa: E402
from werkzeug.serving import generate_adhoc_ssl_pair, make_server  # noqa: E402

logging.getLogger("werkzeug").setLevel(logging.ERROR)

context = None
if sys.argv[2:] == ["tls"]:
    from cryptography.hazmat.primitives import serialization

    certificate, key = generate_adhoc_ssl_pair("localhost")
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = (str(folder / "cert.pem"), str(folder / "key.pem"))

server = make_server("127.0.0.1", 0, init_app(), threaded=True, ssl_context=context)
print(server.server_port, flush=True)
server.serve_forever()
