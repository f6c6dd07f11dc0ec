import os
import platform
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        instance = os.environ.get("NIGHTSHIFT_INSTANCE", "python")
        body = f"hello from {instance} Python {platform.python_version()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        print(self.requestline, flush=True)


server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "3000"))), Hello)
# shutdown() waits for serve_forever to return, so it must be called from another thread than the one that serves
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
