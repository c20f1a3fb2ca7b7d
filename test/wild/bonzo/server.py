"""bonzo: `server.py PORT`. It takes everything, and counts; by HTTP: how much."""

import asyncio
import sys

from bonzo.server import SMTPServer
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

counted = [0, 0]


class Counted(RequestHandler):
    def get(self):
        self.finish("%d %d\n" % tuple(counted))


async def take(request):
    counted[0] += 1
    counted[1] += len(request.rcpt)
    await request.finish_async()


async def main():
    socket, port = bind_unused_port()
    HTTPServer(Application([("/", Counted)])).add_socket(socket)
    with open("/etc/mailstorm/count-port", "w") as file:
        file.write(str(port))
    SMTPServer(take).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
