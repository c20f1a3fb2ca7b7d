"""slimta: `server.py PORT`. Its SMTP edge, with a queue in memory that goes nowhere; by HTTP: what the queue holds."""

import sys

from gevent.pywsgi import WSGIServer
from slimta.edge.smtp import SmtpEdge
from slimta.queue import Queue
from slimta.queue.dict import DictStorage

storage = DictStorage()
queue = Queue(storage)
queue.start()


def counted(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    envelopes = storage.env_db.values()
    line = "%d %d\n" % (len(envelopes), sum(len(envelope.recipients) for envelope in envelopes))
    return [line.encode()]


http = WSGIServer(("127.0.0.1", 0), counted, log=None)
http.start()
with open("/etc/mailstorm/count-port", "w") as file:
    file.write(str(http.server_port))
edge = SmtpEdge(("127.0.0.1", int(sys.argv[1])), queue)
edge.start()
edge.get()
