"""salmon: `server.py PORT`. Each message for mailstorm.test goes into a queue, as an application's handler would do."""

import sys

from salmon.queue import Queue
from salmon.routing import Router, route, stateless
from salmon.server import SMTPReceiver

received = Queue("/var/lib/mailstorm/received")
Router.UNDELIVERABLE_QUEUE = Queue("/var/lib/mailstorm/undeliverable")


@route("(user)@(host)", user=".+", host=r"mailstorm\.test")
@stateless
def KEEP(message, user=None, host=None):
    received.push(message)


SMTPReceiver("127.0.0.1", int(sys.argv[1])).start()
