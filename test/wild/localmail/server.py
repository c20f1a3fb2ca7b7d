"""localmail, on Twisted: `server.py PORT`. By HTTP: how many messages its one mailbox holds."""

import sys

import localmail
from localmail.inbox import INBOX
from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import Site


class Counted(Resource):
    isLeaf = True

    def render_GET(self, request):
        return b"- %d\n" % INBOX.getMessageCount()


http = reactor.listenTCP(0, Site(Counted()), interface="127.0.0.1")
with open("/etc/mailstorm/count-port", "w") as file:
    file.write(str(http.getHost().port))
smtp, _, _ = localmail.get_factories()
reactor.listenTCP(int(sys.argv[1]), smtp, interface="127.0.0.1")
reactor.run()
